// The npm package android-sms-gateway as it is published, against a gateway: send, list, poll to
// Delivered. The package is an ES module without saying so in its package.json, which only newer
// versions of Node.js notice; loading its bytes as a module works with all of them.
//   node npm_client.mjs BASE_URL LOGIN PASSWORD   (NODE_EXTRA_CA_CERTS names the CA)
import { readFileSync } from "node:fs";

const [baseUrl, login, password] = process.argv.slice(2);
const file = new URL("node_modules/android-sms-gateway/dist/index.js", import.meta.url);
const source = readFileSync(file).toString("base64");
const { default: Client, ProcessState, HealthStatus } =
    await import(`data:text/javascript;base64,${source}`);

async function call(method, url, headers, body) {
    const response = await fetch(url, {
        method, headers, body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) {
        throw new Error(`${method} ${url}: ${response.status} ${text}`);
    }
    const type = response.headers.get("Content-Type") ?? "";
    return type.startsWith("application/json") ? JSON.parse(text) : text;
}

const client = new Client(login, password, {
    get: (url, headers) => call("GET", url, headers),
    post: (url, body, headers) => call("POST", url, headers, body),
    put: (url, body, headers) => call("PUT", url, headers, body),
    patch: (url, body, headers) => call("PATCH", url, headers, body),
    delete: (url, headers) => call("DELETE", url, headers),
}, baseUrl);

function expect(truth, what) {
    if (!truth) {
        throw new Error(what);
    }
}

const devices = await client.getDevices();
expect(devices.length === 1 && typeof devices[0].name === "string", "one device with a name");
const health = await client.getHealth();
expect(Object.values(HealthStatus).includes(health.status), "a known health status");

const message = { message: "Hello from the npm client", phoneNumbers: ["+447700900123"] };
const sent = await client.send(message);
expect(sent.id.length === 21 && sent.state === ProcessState.Pending, "accepted as Pending");
expect(sent.deviceId === devices[0].id, "planned for the only phone");

let state = sent;
for (let tries = 0; tries < 200 && state.state !== ProcessState.Delivered; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    state = await client.getState(sent.id);
}
expect(state.state === ProcessState.Delivered, `ended as ${state.state}`);
expect(state.recipients[0].state === ProcessState.Delivered, "the recipient too");
for (const step of ["Pending", "Processed", "Sent", "Delivered"]) {
    expect(!Number.isNaN(Date.parse(state.states[step])), `the time of ${step}`);
}

let refused = "";
try {
    await client.send({ message: "x", phoneNumbers: ["letters"] });
} catch (error) {
    refused = error.message;
}
expect(refused.includes(" 400 ") && refused.includes("phoneNumbers"), "a bad number is named");
const forced = await client.send({ ...message, phoneNumbers: ["900"] },
                                 { skipPhoneValidation: true });
expect(forced.recipients[0].phoneNumber === "900", "a short code goes through unchecked");

console.log(JSON.stringify({ id: sent.id, state: state.state }));
