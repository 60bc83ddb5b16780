// A stand-in for Chatra's widget: the globals and calls of chatra.md §3, as far as a simulator needs them.
(() => {
  "use strict";

  const home = new URL("..", document.currentScript.src);
  const memory = "chatra-simulator";
  const unknown = [];
  let root = null;
  let visitorId = "";
  let timer = 0;
  let shown = "";
  let facts = {};

  const markup = `
    <button type="button" class="chatra__button" aria-expanded="false">Chat with us</button>
    <section class="chatra__panel" aria-label="Chat">
      <header class="chatra__head">
        <strong>Chat</strong><button type="button" class="chatra__close" aria-label="Close the chat">×</button>
      </header>
      <details class="chatra__contact">
        <summary>Contact form</summary>
        <label>Order number <input name="orderNumber" autocomplete="off"></label>
        <label>Shoe size (a field without Property key) <input name="kQ7mPz2Xw9RtYb4Ns" autocomplete="off"></label>
      </details>
      <ol class="chatra__messages" role="log" aria-live="polite"></ol>
      <p class="chatra__offline" hidden>Nobody is here at the moment. Leave your name and e-mail address and we will
        write back.</p>
      <form class="chatra__form">
        <textarea name="text" rows="2" placeholder="Type a message" aria-label="Message" required></textarea>
        <button>Send</button>
      </form>
    </section>`;

  async function ask(method, path, body) {
    const answer = await fetch(new URL(path, home), {
      method,
      headers: { "Content-Type": "application/json" },
      body: body && JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`simulator answered ${answer.status}`);
    return answer.json();
  }

  function address(what) {
    return `${what}/${encodeURIComponent(visitorId)}`;
  }

  function line(message) {
    const item = document.createElement("li");
    item.className = `chatra__message chatra__message--${message.type}`;
    item.dataset.id = message.id;
    if (message.author) {
      const author = document.createElement("span");
      author.className = "chatra__author";
      author.textContent = message.author;
      item.append(author);
    }
    item.append(message.text);
    return item;
  }

  async function look() {
    const state = await ask("GET", address("visitors"));
    const now = JSON.stringify(state);
    if (!root || now === shown) return;
    shown = now;
    const list = root.querySelector(".chatra__messages");
    list.replaceChildren(...state.messages.map(line));
    list.scrollTop = list.scrollHeight;
    root.querySelector(".chatra__offline").hidden = state.online;
  }

  function keepLooking() {
    timer = setTimeout(() => look().catch(() => {}).finally(() => root && keepLooking()), 1000);
  }

  async function send(event) {
    event.preventDefault();
    const box = root.querySelector("textarea");
    const text = box.value.trim();
    if (!text) return;
    box.value = "";
    await ready;
    try {
      await ask("POST", address("messages"), { text });
      await look();
    } catch {
      box.value = text;
    }
  }

  function expand(open) {
    root.classList.toggle("chatra--expanded", open);
    root.querySelector(".chatra__button").setAttribute("aria-expanded", String(open));
  }

  function tell(integrationData) {
    facts = integrationData || {};
    return ask("PUT", address("visitors"), { integrationData: facts });
  }

  function leaveDetails() {
    const fields = root.querySelectorAll(".chatra__contact input");
    const form = Object.fromEntries([...fields].map((field) => [field.name, field.value.trim()]));
    ready = ready.then(() => ask("PUT", address("visitors"), { form })).catch(console.error);
  }

  async function start() {
    const setup = window.ChatraSetup || {};
    const clientId = setup.clientId || localStorage.getItem(memory);
    visitorId = (await ask("POST", "visitors", { ChatraID: window.ChatraID, clientId })).id;
    if (!setup.clientId) localStorage.setItem(memory, visitorId);
    if (!root) build();
    shown = "";
    await calls.setGroupId(setup.groupId || window.ChatraGroupID);
    await tell(window.ChatraIntegration);
    await look();
  }

  function build() {
    root = document.createElement("div");
    root.id = "chatra";
    root.innerHTML = markup;
    document.body.append(root);
    root.querySelector(".chatra__button").addEventListener("click", () => expand(true));
    root.querySelector(".chatra__close").addEventListener("click", () => expand(false));
    root.querySelector("form").addEventListener("submit", send);
    root.querySelector(".chatra__contact").addEventListener("change", leaveDetails);
    root.querySelector("textarea").addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey) send(event);
    });
    keepLooking();
  }

  const calls = {
    openChat: (expanded) => expand(Boolean(expanded) || root.classList.contains("chatra--expanded")),
    expandWidget: () => expand(true),
    minimizeWidget: () => expand(false),
    setIntegrationData: (data) => tell(data),
    updateIntegrationData: (data) => tell({ ...facts, ...data }),
    setGroupId: (groupId) => ask("PUT", address("visitors"), { groupId: groupId || null }),
    restart: () => start(),
    kill: () => {
      clearTimeout(timer);
      root.remove();
      root = null;
    },
  };

  let ready = Promise.resolve();
  function call(name, ...values) {
    ready = ready.then(() => (calls[name] ? calls[name](...values) : unknown.push([name, ...values]))).catch(console.error);
  }

  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = new URL("static/chatra.css", home);
  document.head.append(style);

  const early = (window.Chatra && window.Chatra.q) || [];
  window.Chatra = call;
  window.Chatra.unknown = unknown;
  call("restart");
  early.forEach((values) => call(...values));
})();
