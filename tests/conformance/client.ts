// A page's code against the types that graphql-codegen makes of the documents' operations. tsc compiles it; nothing runs it.
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";

import { FoundDocument, GalleryDocument, HeroDocument, KeyDocument } from "./generated/gql/graphql";

declare function ask<Result, Variables>(document: TypedDocumentNode<Result, Variables>, variables: Variables): Result;

const { nodes, pageInfo, totalCount } = ask(GalleryDocument, { after: null }).mediaList;
const pictures: { url: string; width: number | null | undefined }[] = nodes.map((media) => media.rendition);
const next: string | null | undefined = pageInfo.hasNextPage ? pageInfo.endCursor : null;
const counted: number = totalCount;

const hero = ask(HeroDocument, { id: "x" }).media;
const address: string | undefined = hero?.responsive.srcSet;

const error = ask(KeyDocument, {}).createKey.errors[0];
const code: string | undefined = error?.code;

// @ts-expect-error an id is a text
ask(HeroDocument, { id: 5 });
// @ts-expect-error a media may be null
ask(HeroDocument, { id: "x" }).media.altText;
// @ts-expect-error the document did not ask for it
ask(FoundDocument, {}).mediaList.nodes[0]?.bytes;

export { address, code, counted, next, pictures };
