// One schema on one of three servers: `node serve.mjs <yoga|apollo|mercurius|mercurius-jit> <port> <schema> <data>`.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

import { GraphQLScalarType } from "graphql";

const [name, port, schema, data] = process.argv.slice(2);
const typeDefs = readFileSync(schema, "utf8");
const mediaList = JSON.parse(readFileSync(data, "utf8"));
for (const { node } of mediaList.edges) node.createdAt = new Date(node.createdAt);
const DateTime = new GraphQLScalarType({ name: "DateTime", serialize: (moment) => moment.toISOString() });
const resolvers = { Query: { mediaList: () => mediaList }, DateTime };
const host = "127.0.0.1";

if (name === "yoga") {
  const { createSchema, createYoga } = await import("graphql-yoga");
  const yoga = createYoga({ schema: createSchema({ typeDefs, resolvers }), logging: false, graphiql: false });
  createServer(yoga).listen(Number(port), host);
} else if (name === "apollo") {
  const { ApolloServer } = await import("@apollo/server");
  const { startStandaloneServer } = await import("@apollo/server/standalone");
  await startStandaloneServer(new ApolloServer({ typeDefs, resolvers }), { listen: { port: Number(port), host } });
} else {
  const { default: fastify } = await import("fastify");
  const { default: mercurius } = await import("mercurius");
  const app = fastify();
  app.register(mercurius, { schema: typeDefs, resolvers, jit: name === "mercurius-jit" ? 1 : 0 });
  await app.listen({ port: Number(port), host });
}
