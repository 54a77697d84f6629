// ipx as a cluster on one port: `node serve.mjs <port> <folder> <processes> <threads> [<sharp options as JSON>]`.
import cluster from "node:cluster";

import { createIPX, ipxFSStorage, serveIPX } from "ipx";
import sharp from "sharp";

const [port, dir, processes, threads, options] = process.argv.slice(2);
if (cluster.isPrimary && Number(processes) > 1) {
  for (let number = 0; number < Number(processes); number += 1) cluster.fork();
} else {
  sharp.concurrency(Number(threads));
  sharp.cache(false); // nothing is asked for twice: it would cost memory and save nothing
  const ipx = createIPX({ storage: ipxFSStorage({ dir }), sharpOptions: JSON.parse(options ?? "{}") });
  await serveIPX(ipx, { port: Number(port), hostname: "127.0.0.1", silent: true }).ready();
}
