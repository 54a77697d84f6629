"""What the values of enums mean, said once for those whose enum is the domain's, where no description has a place.

`describe` also gives every `input` the words of its type, which say what it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from graphql import GraphQLEnumType, GraphQLObjectType, GraphQLSchema, get_named_type

_VALUES: Mapping[str, Mapping[str, str]] = {
    "Anchor": {
        "CENTER": "In the middle.",
        "TOP": "At the top, in the middle.",
        "BOTTOM": "At the bottom, in the middle.",
        "LEFT": "On the left, half-way down.",
        "RIGHT": "On the right, half-way down.",
        "TOP_LEFT": "In the top left corner.",
        "TOP_RIGHT": "In the top right corner.",
        "BOTTOM_LEFT": "In the bottom left corner.",
        "BOTTOM_RIGHT": "In the bottom right corner.",
    },
    "AuditAction": {
        "SIGNED_UP": "A person made an account.",
        "SIGNED_IN": "A person came in.",
        "SIGN_IN_FAILED": "Somebody gave a wrong password.",
        "SIGNED_OUT": "A sign-in was ended.",
        "TOKEN_REUSED": "A refresh token came a second time: its sign-in was ended.",
        "EMAIL_VERIFIED": "A person showed that an address is theirs.",
        "PASSWORD_CHANGED": "A person chose another password.",
        "PASSWORD_RESET": "A person chose another password by a link.",
        "USER_APPROVED": "An administrator let a person in.",
        "USER_SUSPENDED": "An administrator shut a person out.",
        "USER_REINSTATED": "An administrator let a person in again.",
        "USER_DELETED": "A person erased themselves.",
        "TEAM_CREATED": "A team was made.",
        "TEAM_RENAMED": "A team got another name.",
        "TEAM_DELETED": "A team was ended.",
        "PLAN_CHANGED": "A team was put on another plan.",
        "TEAM_EXPORTED": "A link to all that the team owns was made.",
        "MEMBER_INVITED": "Somebody was sent an invitation.",
        "INVITATION_REVOKED": "An invitation was taken back.",
        "MEMBER_JOINED": "A person took the seat that they were sent.",
        "MEMBER_ROLE_CHANGED": "A member was made something else.",
        "MEMBER_REMOVED": "A member left, or was removed.",
        "KEY_CREATED": "A key was made.",
        "KEY_ROTATED": "A key got another secret.",
        "KEY_RENAMED": "A key got another name.",
        "KEY_REVOKED": "A key was ended.",
        "WEBHOOK_CREATED": "A webhook was made.",
        "WEBHOOK_CHANGED": "A webhook was changed.",
        "WEBHOOK_DELETED": "A webhook was ended.",
    },
    "ColorSpace": {
        "SRGB": "sRGB, that of the web.",
        "DISPLAY_P3": "Display P3, that of phones.",
        "ADOBE_RGB": "Adobe RGB (1998).",
        "PROPHOTO_RGB": "ProPhoto RGB.",
        "RGB": "An RGB profile without a name of its own here.",
        "GRAY": "Greyscale.",
        "CMYK": "Inks: cyan, magenta, yellow, black.",
        "LAB": "CIELAB.",
    },
    "EventType": {
        "MEDIA_CREATED": "A media was uploaded, imported or made.",
        "MEDIA_UPDATED": "Something was said of it.",
        "MEDIA_REPLACED": "It has a new file.",
        "MEDIA_DELETED": "It is not there any more, by wish or by its time.",
        "MEDIA_RESTORED": "It is there again.",
        "WEBHOOK_TEST": "Nothing: a webhook is tried out.",
    },
    "Filter": {
        "GREYSCALE": "Without colours.",
        "SEPIA": "Brown, as old photographs are.",
        "NEGATE": "Each colour's opposite.",
        "DRAMATIC": "Much contrast, quieter colours.",
        "NOIR": "Greyscale with much contrast.",
        "VIVID": "Stronger colours.",
        "WARM": "Towards orange.",
        "COOL": "Towards blue.",
        "FADE": "Pale, as prints in the sun become.",
    },
    "Fit": {
        "SCALE_DOWN": "Inside the box, never enlarged.",
        "CONTAIN": "As large as fits into the box.",
        "COVER": "Fills the box; the rest is cut off.",
        "CROP": "Like COVER, never enlarged.",
        "ASPECT_CROP": "The box's aspect ratio, never enlarged.",
        "PAD": "Like CONTAIN; the rest of the box is filled with the background.",
        "SQUEEZE": "Exactly the box, distorted.",
    },
    "Flip": {
        "HORIZONTAL": "Left becomes right.",
        "VERTICAL": "Top becomes bottom.",
        "BOTH": "As turned by half.",
    },
    "Font": {
        "SANS": "Without serifs.",
        "SERIF": "With serifs.",
        "MONO": "All letters of one width.",
    },
    "ImageFormat": {
        "JPEG": "JPEG.",
        "PNG": "PNG.",
        "GIF": "GIF.",
        "WEBP": "WebP.",
        "AVIF": "AVIF.",
        "HEIC": "HEIC, that of phones; read only.",
        "JXL": "JPEG XL; read only, where the server has its codec.",
        "TIFF": "TIFF; read only.",
        "BMP": "BMP; read only.",
        "ICO": "ICO, that of favicons; read only.",
        "SVG": "A drawing (SVG); read only.",
    },
    "KeyProfile": {
        "G1": "img.pro, first generation.",
        "G3": "img.pro, third generation.",
        "G4": "img.pro, as it is now.",
        "APP": "img.pro's apps.",
        "TEST": "IMG Processing, and a test key: what it makes is marked, short-lived and not counted.",
        "LIVE": "IMG Processing.",
        "SK": "Slink's external uploads, and good for those alone.",
    },
    "MediaOrderField": {
        "CREATED_AT": "When it came.",
        "UPDATED_AT": "When something was last said of it.",
        "BYTES": "Size of the original.",
        "NAME": "File name.",
    },
    "MediaSource": {
        "UPLOAD": "It was uploaded.",
        "IMPORT": "It was fetched from an address.",
        "TRANSFORM": "It was made of another media.",
    },
    "MediaStatus": {
        "READY": "It is there.",
        "TRASHED": "It is in the trash, from where it can be restored.",
    },
    "MetadataPolicy": {
        "COPYRIGHT": "Artist and copyright, in JPEG alone.",
        "NONE": "Nothing.",
        "KEEP": "All of it, place and device included, for who may see that.",
    },
    "OutputFormat": {
        "AUTO": "The best that the one who loads the image takes.",
        "JPEG": "JPEG.",
        "PNG": "PNG.",
        "GIF": "GIF.",
        "WEBP": "WebP.",
        "AVIF": "AVIF.",
    },
    "Repeat": {
        "NONE": "Once.",
        "BOTH": "Across and down.",
        "X": "Across.",
        "Y": "Down.",
    },
    "Role": {
        "OWNER": "May do everything, end the team included.",
        "ADMIN": "May also rule keys, members and invitations.",
        "MEMBER": "May see and change images and presets.",
    },
    "Scope": {
        "READ": "See what is the team's.",
        "WRITE": "Change it.",
        "ADMIN": "Do what the team's admins do.",
    },
    "SizeName": {
        "S": "A short side of 320 pixels.",
        "M": "A short side of 640 pixels.",
        "L": "A short side of 1080 pixels.",
        "XL": "A longest side of 2560 pixels.",
        "XXL": "A longest side of 3840 pixels.",
        "SOCIAL": "A card of 1200 x 630 pixels.",
        "LQIP": "A longest side of 32 pixels: a placeholder.",
    },
    "SmartGravity": {
        "AUTO": "What catches the eye.",
        "FACE": "All faces.",
        "FOCAL": "The media's own focal point.",
    },
    "UserStatus": {
        "ACTIVE": "They may come in.",
        "PENDING": "They await approval.",
        "SUSPENDED": "They were shut out.",
    },
}


def describe(schema: GraphQLSchema) -> None:
    """Write these words into the schema. KeyError for words about nothing."""
    for kind_name, values in _VALUES.items():
        kind = schema.type_map[kind_name]
        if isinstance(kind, GraphQLEnumType):
            for name, words in values.items():
                kind.values[name].description = words
    for kind in schema.type_map.values():
        for field in kind.fields.values() if isinstance(kind, GraphQLObjectType) else ():
            argument = field.args.get("input")
            if argument is not None and not argument.description:
                argument.description = get_named_type(argument.type).description
    for directive in schema.directives:
        directive.description = directive.description or _DIRECTIVES.get(directive.name)


_DIRECTIVES: Mapping[str, str] = {"oneOf": "Exactly one of the fields must be given, and must not be null."}
