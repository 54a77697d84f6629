// graphql-eslint's two sets for schemas, on the committed SDL. Each exception says why it is one.
import graphql from "@graphql-eslint/eslint-plugin";

const { configs, parser } = graphql;

export default [
  {
    files: ["**/schema.graphql"],
    plugins: { "@graphql-eslint": graphql },
    languageOptions: { parser, parserOptions: { graphQLConfig: { schema: "generated/schema.graphql" } } },
    rules: {
      ...configs["flat/schema-recommended"].rules,
      ...configs["flat/schema-relay"].rules,
      // `@oneOf` is the specification's own, and Strawberry prints it without a word; it is the only directive.
      "@graphql-eslint/require-description": ["error", { types: true, rootField: true }],
      // Lists that are short and always whole (tags, members, a palette) are plain ones, as Relay allows; so is the
      // `nodes` shortcut of a connection, which this rule would forbid.
      "@graphql-eslint/relay-edge-types": ["error", { listTypeCanWrapOnlyEdgeType: false }],
      // What is a value, or part of one object alone, has nothing to be fetched again by.
      "@graphql-eslint/strict-id-in-types": [
        "error",
        {
          exceptions: {
            suffixes: ["Payload", "Error", "Connection", "Edge"],
            types: [
              "ErrorAction", "Exif", "FocalPoint", "KeyValue", "Location", "MediaChange", "MediaVersion", "Member",
              "Original", "PageInfo", "PaletteColor", "Placeholder", "RateLimit", "Rendition", "Responsive",
              "ResponsiveSource", "TagCount", "UploadHeader", "UploadProgress", "Usage", "Viewer",
              "Plan", "Preset", // known by their names
            ],
          },
        },
      ],
    },
  },
];
