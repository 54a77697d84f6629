// All audits of graphql-http against `node audit.js <url>`: prints one JSON array of { id, name, status, reason }.
import { auditServer } from "graphql-http";

const results = await auditServer({ url: process.argv[2], fetchFn: fetch });
console.log(JSON.stringify(results.map(({ id, name, status, reason }) => ({ id, name, status, reason }))));
