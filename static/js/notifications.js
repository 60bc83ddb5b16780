// The page of one's notifications: what this browser allows, switching Web Push on and off, the test.
(() => {
  "use strict";

  const deskbell = window.deskbell;
  const COMES_WITHIN_MS = 15000;

  const part = () => document.getElementById("this-browser");
  const buttonTo = (action) => part().querySelector(`[data-browser="${action}"]`);

  async function state() {
    if (!window.isSecureContext) return "insecure";
    if (!deskbell.desktop.isPossible()) return "impossible";
    if (Notification.permission === "denied") return "denied";
    if (Notification.permission !== "granted") return "unasked";
    if (!deskbell.push.isPossible()) return "desktop-only";
    return (await deskbell.push.current()) ? "on" : "off";
  }

  /** One sentence says how things stand, and the button that makes sense then is offered. */
  async function look() {
    const found = await state();
    for (const sentence of part().querySelectorAll("[data-when]")) sentence.hidden = sentence.dataset.when !== found;
    buttonTo("on").hidden = !["unasked", "off"].includes(found);
    buttonTo("off").hidden = found !== "on";
  }

  const results = () => part().querySelector(".test-results");

  function say(name, detail = "") {
    const line = document.createElement("p");
    line.textContent = [results().getAttribute(`data-${name}`), detail].filter(Boolean).join(" ");
    line.dataset.result = name;
    results().append(line);
  }

  const isAllowed = async () =>
    deskbell.desktop.isPossible() && (await Notification.requestPermission()) === "granted";

  async function switchOn() {
    if (!(await isAllowed())) return;
    try {
      if (deskbell.push.isPossible()) await deskbell.push.switchOn(part().dataset.key);
    } catch (error) {
      say("push-refused", error.message);
    }
  }

  async function tryDesktop() {
    if (!(await isAllowed())) return say("desktop-blocked");
    const { title, body } = results().dataset;
    await deskbell.desktop.put(title, { body, tag: "test-page", url: location.pathname });
    return say("desktop-shown");
  }

  async function trySound() {
    if (Number(document.body.dataset.volume) === 0) return say("sound-off");
    return deskbell.sound.play().then(
      () => say("sound-played"),
      () => say("sound-failed"),
    );
  }

  const pushed = () =>
    new Promise((resolve) => {
      const done = (came) => {
        clearTimeout(timer);
        navigator.serviceWorker.removeEventListener("message", hear);
        resolve(came);
      };
      const hear = ({ data }) => data.pushed === "test" && done(true);
      const timer = setTimeout(done, COMES_WITHIN_MS, false);
      navigator.serviceWorker.addEventListener("message", hear);
    });

  async function tryPush() {
    const subscription = await deskbell.push.current();
    if (!subscription) return say("push-off");
    const came = pushed();
    const response = await deskbell.post("/profile/notifications/test", deskbell.push.form(subscription));
    if (!response.ok) return say("push-refused", deskbell.sentence(await response.text()));
    say("push-sent");
    return say((await came) ? "push-came" : "push-lost");
  }

  async function test() {
    await trySound();
    await tryDesktop();
    await tryPush();
  }

  const ACTIONS = { on: switchOn, off: () => deskbell.push.switchOff(), test };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-browser]");
    if (!button) return;
    results().replaceChildren();
    button.disabled = true;
    try {
      await ACTIONS[button.dataset.browser]();
    } catch {
      say("failed");
    }
    button.disabled = false;
    await look();
    if (!button.checkVisibility()) buttonTo("test").focus();
  });
  document.addEventListener("DOMContentLoaded", () => part() && look());
})();
