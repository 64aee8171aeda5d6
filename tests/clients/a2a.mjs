// The official TypeScript A2A client (protocol 0.3) against a seller: reads the card, asks for
// products in one piece and as a stream, asks for the task afterwards, checks that a wrong token is
// refused. Writes what it saw as one line of JSON.
//
// node a2a.mjs URL TOKEN

import { A2AClient } from "@a2a-js/sdk/client";

const [url, token] = process.argv.slice(2);

function connect(bearer) {
  const fetchImpl = (target, init = {}) =>
    fetch(target, { ...init, headers: { ...init.headers, authorization: `Bearer ${bearer}` } });
  return A2AClient.fromCardUrl(`${url}/.well-known/agent-card.json`, { fetchImpl });
}

function ask(trace) {
  const data = { skill: "get_products", input: { buying_mode: "wholesale", context: { trace } } };
  return {
    message: {
      kind: "message",
      messageId: `message-${trace}`,
      role: "user",
      parts: [{ kind: "data", data }],
    },
  };
}

const payload = (artifact) => artifact.parts.findLast((part) => part.kind === "data").data;

const client = await connect(token);
const card = await client.getAgentCard();
const answer = await client.sendMessage(ask("typescript"));
const task = answer.result;
const again = await client.getTask({ id: task.id });
const streamed = [];
for await (const event of client.sendMessageStream(ask("streamed"))) {
  streamed.push(event.kind);
}
const unknown = await client.getTask({ id: "never-given-out" });

let refused = false;
try {
  const answer = await (await connect(`${token}-wrong`)).sendMessage(ask("refused"));
  refused = "error" in answer;
} catch {
  refused = true;
}

const { products, context } = payload(task.artifacts[0]);
console.log(
  JSON.stringify({
    server: card.name,
    protocol: card.protocolVersion,
    tools: card.skills.map((skill) => skill.id),
    products: products.map((product) => product.product_id),
    context,
    state: task.status.state,
    again: again.result.status.state,
    streamed,
    unknown: unknown.error.code,
    refused,
  }),
);
