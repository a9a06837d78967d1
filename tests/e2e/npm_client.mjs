// The npm package android-sms-gateway as it is published, against a gateway: every call that it has.
// The package is an ES module without saying so in its package.json, which only newer
// versions of Node.js notice; loading its bytes as a module works with all of them.
//   node npm_client.mjs BASE_URL LOGIN PASSWORD STATUS_OF_LOGS  (NODE_EXTRA_CA_CERTS names the CA)
import { readFileSync } from "node:fs";

const [baseUrl, login, password, logsStatus] = process.argv.slice(2);
const file = new URL("node_modules/android-sms-gateway/dist/index.js", import.meta.url);
const source = readFileSync(file).toString("base64");
const { default: Client, ProcessState, HealthStatus, LimitPeriod, LogEntryPriority,
        WebHookEventType } =
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

const hook = await client.registerWebhook({
    url: "https://hook.example/in", event: WebHookEventType.SmsReceived, deviceId: devices[0].id,
});
expect(hook.id && hook.event === "sms:received" && hook.deviceId === devices[0].id, "a webhook");
const named = { id: "mine:1", url: "https://hook.example/in", event: WebHookEventType.SmsSent };
await client.registerWebhook(named);
const hooks = await client.getWebhooks();
expect(hooks.length === 2 && hooks.some((one) => one.id === named.id), "both webhooks listed");
await client.deleteWebhook(hook.id);
await client.deleteWebhook(named.id);
expect((await client.getWebhooks()).length === 0, "no webhooks left");

await client.updateSettings({
    messages: { limitPeriod: LimitPeriod.PerHour, limitValue: 100 }, logs: { lifetimeDays: 30 },
});
await client.patchSettings({ ping: { intervalSeconds: 600 } });
const settings = await client.getSettings();
expect(settings.messages.limit_value === 100 && settings.messages.limit_period === "PerHour" &&
       settings.logs.lifetime_days === 30 && settings.ping.interval_seconds === 600,
       "settings as they were set");

const day = { since: new Date("2026-01-02T00:00:00Z"), until: new Date("2026-01-03T00:00:00Z") };
const exported = await client.exportInbox({ deviceId: devices[0].id, ...day });
expect(typeof exported === "object", "an object for the export");
let logs = [];
try {
    logs = await client.getLogs(day.since, new Date());
    expect(logsStatus === "200", "logs are there");
} catch (error) {
    expect(error.message.includes(` ${logsStatus} `), `logs: ${error.message}`);
}
const priorities = Object.values(LogEntryPriority);
expect(logs.every((one) => priorities.includes(one.priority) && Number.isInteger(one.id)), "logs");

await client.deleteDevice(devices[0].id);
await client.deleteDevice("unknown");
expect((await client.getDevices()).length === 0, "no phone left");

console.log(JSON.stringify({ id: sent.id, state: state.state }));
