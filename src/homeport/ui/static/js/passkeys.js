// Passkeys (WebAuthn): asks the blog for options, the browser for a passkey, and sends that with the form.
//   button[data-passkey="create" or "get"]  in a form with a hidden field `credential`; the button submits that form
//     data-options    where the options are asked for, with what else the form holds
//     data-origin     the only address at which this blog's passkeys work
//     data-autofill   offers passkeys in the fields marked autocomplete="… webauthn", too
//   [data-passkeys]      hidden; shown where passkeys work
//   [data-no-passkeys]   hidden; elsewhere says why they do not
//   [data-passkey-error] in the form: says what went wrong

const RENEW = 4 * 60 * 1000; // milliseconds; the blog forgets a challenge after five minutes
const WORDS = {
  InvalidStateError: "A passkey for your account is here already. Log in with it, or choose another device.",
  SecurityError: "The browser does not allow passkeys at this address.",
  NotSupportedError: "This device cannot make a passkey of the kind that is needed. Choose another one.",
  ConstraintError: "This device has nothing to unlock a passkey with. Set up a PIN, fingerprint or face on it first.",
  TypeError: "The blog did not answer. Check your connection, then try again.",
};
const CANCELLED = {
  create: "Nothing was made: it was cancelled, or the browser did not allow it. Try again when you like.",
  get: "It was cancelled, or there is no passkey for this blog here. Try again, or log in another way.",
};
const BINARY = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];

let offer = null; // the autofill that waits to be chosen from

function obstacle({ dataset }) {
  if (location.origin !== dataset.origin) return `Passkeys work at ${dataset.origin} only. Open the blog there.`;
  if (!isSecureContext) return "Passkeys need HTTPS, which this address does not have.";
  return window.PublicKeyCredential ? "" : "Passkeys need a newer browser.";
}

const toBytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));

function toText(buffer) {
  const text = btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(""));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function parse(kind, options) {
  const native = kind === "create" ? "parseCreationOptionsFromJSON" : "parseRequestOptionsFromJSON";
  if (PublicKeyCredential[native]) return PublicKeyCredential[native](options);
  const described = (list = []) => list.map((item) => ({ ...item, id: toBytes(item.id) }));
  const parsed = { ...options, challenge: toBytes(options.challenge) };
  if (kind === "get") return { ...parsed, allowCredentials: described(options.allowCredentials) };
  const user = { ...options.user, id: toBytes(options.user.id) };
  return { ...parsed, user, excludeCredentials: described(options.excludeCredentials) };
}

function asJson(credential) {
  if (typeof credential.toJSON === "function") return credential.toJSON();
  const response = { transports: credential.response.getTransports?.() };
  for (const name of BINARY) if (credential.response[name]) response[name] = toText(credential.response[name]);
  return { id: credential.id, rawId: toText(credential.rawId), type: credential.type, response, clientExtensionResults: {} };
}

async function askBlog({ form, dataset }) {
  const body = new URLSearchParams(new FormData(form));
  body.delete("password");
  body.delete("credential");
  const headers = { Accept: "application/json", "X-CSRF-Token": body.get("csrf_token") ?? "" };
  const answer = await fetch(dataset.options, { method: "POST", body, headers });
  const said = await answer.json();
  if (answer.ok) return said;
  throw Object.assign(new Error(), { words: [said.error.message, said.error.hint].filter(Boolean).join(" ") });
}

async function askBrowser(kind, options, how = {}) {
  const began = performance.now();
  try {
    return await navigator.credentials[kind]({ publicKey: parse(kind, options), ...how });
  } catch (error) {
    if (error.name === "NotAllowedError") {
      const late = performance.now() - began >= options.timeout;
      error.words = late ? "That took too long, so it was given up. Try again." : CANCELLED[kind];
    }
    throw error;
  }
}

function send(form, credential) {
  form.elements.credential.value = JSON.stringify(asJson(credential));
  form.submit();
}

function tell(form, words) {
  const place = form.querySelector("[data-passkey-error]");
  place.hidden = !words;
  place.textContent = words;
}

async function run(button) {
  const kind = button.dataset.passkey;
  offer?.abort();
  tell(button.form, "");
  button.disabled = true;
  try {
    send(button.form, await askBrowser(kind, await askBlog(button)));
  } catch (error) {
    tell(button.form, error.words ?? WORDS[error.name] ?? "The browser did not go through with it. Try again.");
    startOffer();
  }
  button.disabled = false;
  if (!button.form.elements.credential.value) button.focus();
}

async function autofill(button) {
  const mine = (offer = new AbortController());
  const timer = setTimeout(() => mine.abort("old"), RENEW);
  try {
    const options = await askBlog(button);
    if (mine.signal.aborted) return;
    send(button.form, await askBrowser("get", options, { mediation: "conditional", signal: mine.signal }));
  } catch (error) {
    // nobody has asked for anything yet, so nobody is told; an old challenge is renewed once somebody looks again
    if (mine.signal.reason !== "old") return;
    if (document.hidden) await new Promise((seen) => addEventListener("visibilitychange", seen, { once: true }));
    autofill(button);
  } finally {
    clearTimeout(timer);
  }
}

async function startOffer() {
  const button = document.querySelector("button[data-autofill]");
  if (button && (await PublicKeyCredential.isConditionalMediationAvailable?.())) autofill(button);
}

const buttons = [...document.querySelectorAll("button[data-passkey]")];
const why = buttons.length ? obstacle(buttons[0]) : "";
for (const part of document.querySelectorAll(why ? "[data-no-passkeys]" : "[data-passkeys]")) {
  part.hidden = false;
  if (why) part.textContent = why;
}
for (const button of why ? [] : buttons) {
  button.form.addEventListener("submit", (event) => {
    if (event.submitter !== button) return;
    event.preventDefault();
    run(button);
  });
}
if (!why) startOffer();
