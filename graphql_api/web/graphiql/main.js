// The GraphiQL page: editor, history and explorer against the address that served it, with the API key and the file from
// the bar on top. The key lives in sessionStorage (this tab only) and goes out as a Bearer header; it is never part of an address that
// reaches a server, a log or the browser's history.
import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "@graphiql/plugin-explorer/style.css";
import "./main.css";
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { explorerPlugin } from "@graphiql/plugin-explorer";
import { createClient } from "graphql-ws";

const KEY = "tintype.api-key";
// What the variables say where the chosen file belongs: plain JSON has no way to hold one.
const FILE = "$file";

const MEDIA_LIST = `# The API key goes into the field on top. Run with Ctrl+Enter.
query MediaList {
  viewer {
    team {
      name
    }
  }
  mediaList(first: 10) {
    nodes {
      id
      uid
      name
      width
      height
      format
      rendition(transform: { width: 320, format: WEBP }) {
        url
        width
        height
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`;

const NEXT_PAGE = `# Put the endCursor of the page before into the variables below.
query NextPage($first: Int!, $after: String) {
  mediaList(first: $first, after: $after) {
    nodes {
      id
      uid
      name
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`;

const CHANGES = `# Runs until you stop it: upload or change something in another tab.
subscription Changes {
  mediaChanged {
    event
    at
    media {
      uid
      name
    }
  }
}
`;

const UPLOAD = `# Choose a file on top: it goes wherever
# the variables below say "$file".
mutation Upload($input: UploadMediaInput!) {
  uploadMedia(input: $input) {
    media {
      id
      uid
      name
      width
      height
      format
      url
    }
    errors {
      code
      message
      path
    }
  }
}
`;

const ANNOUNCE = `# A file is sent to the address that this gives, without the key;
# see docs/graphql.md for the steps that follow.
mutation Announce($bytes: BigInt!, $filename: String) {
  createUpload(input: { bytes: $bytes, filename: $filename }) {
    upload {
      id
      url
      method
      headers {
        name
        value
      }
    }
    errors {
      code
      message
      path
    }
  }
}
`;

const field = document.getElementById("api-key");
const fileField = document.getElementById("file");
const clearFile = document.getElementById("clear-file");
const status = document.getElementById("status");

// A link may carry the key as #key=...: a fragment is not sent to the server. It goes from the address bar at once, so that
// it is not bookmarked, shared or kept in the browser's history.
function takeKeyFromFragment() {
  const key = new URLSearchParams(location.hash.slice(1)).get("key");
  if (key === null) return false;
  history.replaceState(null, "", location.pathname + location.search);
  sessionStorage.setItem(KEY, key.trim());
  return true;
}

// Puts null wherever the variables say "$file", and gives those places as a multipart request names them.
function takePlaces(value, path) {
  return Object.entries(value ?? {}).flatMap(([name, inner]) => {
    const place = `${path}.${name}`;
    if (inner !== FILE) return typeof inner === "object" ? takePlaces(inner, place) : [];
    value[name] = null;
    return [place];
  });
}

// The body as it is, or with the chosen file (https://github.com/jaydenseric/graphql-multipart-request-spec); null when a
// file is meant and none is chosen.
function withFile(body) {
  const operations = JSON.parse(body);
  const places = takePlaces(operations.variables, "variables");
  if (places.length === 0) return body;
  const [file] = fileField.files;
  if (!file) return null;
  const form = new FormData();
  // The order matters: a server reads the file as it comes, and must know by then where it goes.
  form.append("operations", JSON.stringify(operations));
  form.append("map", JSON.stringify({ 0: places }));
  form.append("0", file);
  return form;
}

function errorAnswer(message) {
  return Response.json({ errors: [{ message }] });
}

// GraphiQL reads every answer as JSON; an answer that is none (a proxy's page, a plain 401) must still say what happened.
async function keyedFetch(url, init) {
  const body = withFile(init.body);
  if (body === null) return errorAnswer("Choose a file first: the field beside that for the key.");
  const headers = new Headers(init.headers);
  const key = sessionStorage.getItem(KEY);
  // What is typed into GraphiQL's own header editor wins.
  if (key && !headers.has("authorization")) headers.set("authorization", `Bearer ${key}`);
  // The type of a form names its boundary, which only the browser knows.
  if (body instanceof FormData) headers.delete("content-type");
  const response = await fetch(url, { ...init, body, headers, credentials: "same-origin" });
  status.textContent =
    response.status === 401 || response.status === 403
      ? `${response.status}: ${key ? "the server does not accept this API key" : "enter an API key"}`
      : "";
  if (/json|^multipart\/mixed/i.test(response.headers.get("content-type") ?? "")) return response;
  return errorAnswer(`HTTP ${response.status} ${response.statusText}: ${(await response.text()).slice(0, 500)}`);
}

const root = createRoot(document.getElementById("graphiql"));
const plugins = [HISTORY_PLUGIN, explorerPlugin()];
const defaultTabs = [
  { query: MEDIA_LIST },
  { query: NEXT_PAGE, variables: '{\n  "first": 10,\n  "after": null\n}' },
  { query: CHANGES },
  { query: UPLOAD, variables: '{\n  "input": {\n    "file": "$file",\n    "tags": ["cat"]\n  }\n}' },
  { query: ANNOUNCE, variables: '{\n  "bytes": 482133,\n  "filename": "cat.jpg"\n}' },
];

// Subscriptions go over a socket, which opens with the first and asks for the key as it is then.
function socketClient() {
  const url = new URL(location.pathname, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return createClient({
    url: url.href,
    connectionParams: () => {
      const key = sessionStorage.getItem(KEY);
      return key ? { Authorization: `Bearer ${key}` } : {};
    },
  });
}

// A new fetcher makes GraphiQL read the schema again, which a new key may allow.
function render() {
  const fetcher = createGraphiQLFetcher({
    url: location.pathname,
    fetch: keyedFetch,
    wsClient: socketClient(),
    // A cross-site form cannot send this header; the server asks for it.
    headers: { "graphql-require-preflight": "1" },
  });
  // Headers may hold a key and GraphiQL's storage is localStorage: never persist them.
  const props = { fetcher, plugins, defaultTabs, defaultQuery: "", shouldPersistHeaders: false };
  root.render(createElement(GraphiQL, props));
}

function showKey() {
  field.value = sessionStorage.getItem(KEY) ?? "";
}

// On every keystroke, so that Run uses what is seen; the schema is read again only on Enter or when the field is left.
field.addEventListener("input", () => sessionStorage.setItem(KEY, field.value.trim()));
field.addEventListener("change", render);

// Not every browser lets go of a chosen file by itself.
function showClearFile() {
  clearFile.hidden = fileField.files.length === 0;
}
fileField.addEventListener("change", showClearFile);
clearFile.addEventListener("click", () => {
  fileField.value = "";
  showClearFile();
  // The button is gone, and would take the keyboard's place with it.
  fileField.focus();
});

addEventListener("hashchange", () => {
  if (!takeKeyFromFragment()) return;
  showKey();
  render();
});

takeKeyFromFragment();
showKey();
render();
