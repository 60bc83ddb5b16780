/*
 * Deskbell's launcher: the button on a customer's site. It fetches the panel when that is first needed, sets no
 * cookie and keeps nothing in the browser. README.md tells what a site has to allow.
 */
(function () {
  "use strict";

  const script = ownScript();
  if (!script || document.querySelector("deskbell-widget")) return;
  const key = script.dataset.widget;
  const origin = new URL(script.src).origin;
  const language = script.dataset.lang || document.documentElement.lang || navigator.language || "en";
  const policy = scriptPolicy();
  const page = { key, origin, language, identity: {}, icon, adopt, appear, setOffer, setOpen, setUnread };
  let panel = null;
  let loading = null;
  let timer = null;

  const api = {
    open: () => withPanel((it) => it.open()),
    close: () => withPanel((it) => it.close(), true),
    toggle: () => withPanel((it) => it.toggle()),
    identify(who) {
      page.identity = Object.assign({}, page.identity, who);
      if (panel) panel.identify(page.identity);
    },
    push: (call) => api[call[0]](...call.slice(1)),
  };
  const ready = Promise.all([configuration(), bodyIsThere()]).then(([config]) => draw(config));
  const earlier = Array.isArray(window.deskbell) ? window.deskbell : [];
  window.deskbell = api;
  earlier.forEach(api.push);
  ready.then(returnToChat, (error) => console.warn("Deskbell: " + error.message));

  function ownScript() {
    const current = document.currentScript;
    return current && current.dataset.widget ? current : document.querySelector("script[data-widget]");
  }

  /* Pages with Trusted Types take script addresses from policies only; ours vouches for our own origin. */
  function scriptPolicy() {
    const own = {
      createScriptURL(url) {
        if (new URL(url).origin !== origin) throw new TypeError("not Deskbell's script");
        return url;
      },
    };
    try {
      return window.trustedTypes.createPolicy("deskbell", own);
    } catch (error) {
      return own;
    }
  }

  async function configuration() {
    const path = "/widget/" + key + "/config?lang=" + encodeURIComponent(language);
    const answer = await get(origin + path, [2000, 8000, 32000]);
    return answer.json();
  }

  /* Ask again after these pauses when there is no connection. */
  async function get(url, pauses) {
    try {
      const answer = await fetch(url, { credentials: "omit" });
      if (answer.status < 500) return checked(answer);
    } catch (error) {
      if (!pauses.length) throw new Error("no connection to " + origin + ", or this site is not allowed");
    }
    if (!pauses.length) throw new Error(origin + " does not work at the moment");
    await pause(pauses[0]);
    return get(url, pauses.slice(1));
  }

  function checked(answer) {
    if (!answer.ok) throw new Error(answer.url + " was refused (" + answer.status + ")");
    return answer;
  }

  function bodyIsThere() {
    if (document.body) return null;
    return new Promise((resolve) => document.addEventListener("DOMContentLoaded", resolve, { once: true }));
  }

  async function draw(config) {
    const host = document.createElement("deskbell-widget");
    const root = host.attachShadow({ mode: "open" });
    const launcher = document.createElement("button");
    const badge = document.createElement("span");
    host.lang = config.lang;
    host.dir = config.dir;
    host.style.setProperty("--site", config.colour);
    host.style.setProperty("--on-site", readableOn(config.colour));
    launcher.className = "launcher";
    launcher.type = "button";
    launcher.setAttribute("aria-haspopup", "dialog");
    launcher.addEventListener("click", api.toggle);
    badge.className = "badge";
    badge.hidden = true;
    launcher.append(icon("M7.9 20A9 9 0 1 0 4 16.1L2 22Z"), badge);
    root.append(launcher);
    Object.assign(page, { config, host, root, launcher, badge });
    setOpen(false);
    setOffer(config.offer);
    if (config.poll) document.addEventListener("visibilitychange", look);
    lookLater();
    await adopt(origin + "/widget/assets/launcher.css", [2000, 8000, 32000]);
    document.body.append(host);
  }

  /* A style sheet for the shadow root, by the way that the strictest content security policies allow. */
  async function adopt(url, pauses) {
    if (page.root.adoptedStyleSheets && window.CSSStyleSheet.prototype.replaceSync) {
      const answer = await get(url, pauses || []);
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(await answer.text());
      page.root.adoptedStyleSheets = [...page.root.adoptedStyleSheets, sheet];
      return;
    }
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: url });
    page.root.prepend(link);
  }

  function icon(path) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    line.setAttribute("d", path);
    svg.append(line);
    return svg;
  }

  /* Black or white, whichever stands out more from the site's colour (WCAG 2.2 relative luminance). */
  function readableOn(colour) {
    const [red, green, blue] = [1, 3, 5]
      .map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000" : "#fff";
  }

  function setUnread(count) {
    page.badge.hidden = !count;
    page.badge.textContent = count > 9 ? "9+" : String(count);
    page.unread = count;
    name();
    appear();
  }

  /* What the desk offers now: "chat", "form" or "none". */
  function setOffer(offer) {
    page.offer = offer;
    if (panel) panel.render();
    else appear();
  }

  /* Where nothing is offered there is no button, unless somebody still needs it. */
  function appear() {
    page.host.hidden = page.offer === "none" && !page.unread && !(panel && panel.isNeeded());
  }

  /* A page that shows the button alone asks what is offered; a panel with a socket is told. */
  async function look() {
    clearTimeout(timer);
    try {
      if (document.hidden || (panel && panel.isTold)) return;
      const answer = await (await get(origin + "/widget/" + key + "/state", [])).json();
      if (!(panel && panel.isTold)) setOffer(answer.offer);
    } catch (error) {
      // Next time.
    } finally {
      lookLater();
    }
  }

  /* Browsers differ by chance, so that they do not all come at once. */
  function lookLater() {
    const { poll } = page.config;
    clearTimeout(timer);
    if (poll) timer = setTimeout(look, poll * (1000 + 200 * Math.random()));
  }

  function setOpen(isOpen) {
    page.launcher.setAttribute("aria-expanded", String(isOpen));
    name();
    appear();
  }

  function name() {
    const texts = page.config.texts;
    const isOpen = page.launcher.getAttribute("aria-expanded") === "true";
    const unread = page.unread ? ", " + texts.unread.replace("{count}", page.unread) : "";
    page.launcher.setAttribute("aria-label", isOpen ? texts.close : texts.open + unread);
  }

  function withPanel(act, onlyIfLoaded) {
    if (onlyIfLoaded && !panel) return Promise.resolve();
    return ready.then(load).then(act, () => page.config && tellThatItFailed());
  }

  function load() {
    loading = loading || Promise.all([panelScript(), adopt(origin + page.config.css)]).then(startPanel);
    loading.catch(() => (loading = null));
    return loading;
  }

  function panelScript() {
    const element = document.createElement("script");
    const url = origin + page.config.panel;
    element.src = policy.createScriptURL(url);
    return new Promise((resolve, reject) => {
      element.addEventListener("load", resolve);
      element.addEventListener("error", () => reject(new Error("no script at " + url)));
      document.head.append(element);
    });
  }

  function startPanel() {
    panel = panel || window.deskbellPanel(page);
    return panel;
  }

  function tellThatItFailed() {
    const said = document.createElement("p");
    said.className = "failure";
    said.setAttribute("role", "alert");
    said.textContent = page.config.texts.not_loaded;
    page.root.append(said);
    pause(8000).then(() => said.remove());
  }

  /* Whoever has chatted before gets the panel's logic in the background: an answer may be waiting. */
  async function returnToChat() {
    for (let wait = 5000; hasChatted(); wait = Math.min(wait * 2, 60000)) {
      try {
        await load();
        return;
      } catch (error) {
        await pause(wait);
      }
    }
  }

  function hasChatted() {
    try {
      return localStorage.getItem("deskbell:" + key + ":token") !== null;
    } catch (error) {
      return false;
    }
  }

  function pause(milliseconds) {
    return new Promise((resolve) => setTimeout(resolve, milliseconds));
  }
})();
