// The client preset of graphql-codegen, over the operations of the documents.
import { generate } from "@graphql-codegen/cli";

await generate({
  schema: "generated/schema.graphql",
  documents: "generated/*.operation.graphql",
  silent: true,
  generates: {
    "generated/gql/": {
      preset: "client",
      config: {
        strictScalars: true,
        scalars: { ID: "string", BigInt: "number", Color: "string", DateTime: "string", Duration: "string | number", Upload: "File" },
      },
    },
  },
});
