// The official TypeScript MCP client against a seller: lists the tools, asks for products, checks
// that a wrong token is refused. Writes what it saw as one line of JSON.
//
// node mcp.mjs URL TOKEN

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [url, token] = process.argv.slice(2);

async function connect(bearer) {
  const client = new Client({ name: "clients-test", version: "1.0.0" });
  const headers = { authorization: `Bearer ${bearer}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
  return client;
}

const client = await connect(token);
const { tools } = await client.listTools();
const answer = await client.callTool({
  name: "get_products",
  arguments: { buying_mode: "wholesale", context: { trace: "typescript" } },
});
await client.close();

let refused = false;
try {
  await connect(`${token}-wrong`);
} catch {
  refused = true;
}

const { products, context } = answer.structuredContent;
console.log(
  JSON.stringify({
    server: client.getServerVersion()?.name,
    tools: tools.map((tool) => tool.name),
    products: products.map((product) => product.product_id),
    context,
    refused,
  }),
);
