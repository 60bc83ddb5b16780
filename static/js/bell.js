// The green icon: what waits for this agent, on the icon, in the page's title and on the tab.
(() => {
  "use strict";

  const deskbell = window.deskbell;
  const icon = document.querySelector('link[rel="icon"]');
  const calmPicture = icon && icon.getAttribute("href");

  let isListed = false;
  let waiting = { new: 0, replies: 0 };

  const isBeforeEyes = (row) => deskbell.chatList.isOpen(row) && !document.hidden;

  function countWaiting() {
    const rows = deskbell.chatList.rows();
    const ofSection = (section) => rows.filter((row) => deskbell.chatList.sectionOf(row) === section);
    const unread = ofSection("mine").map((row) => (isBeforeEyes(row) ? 0 : Number(row.dataset.unread)));
    return { new: ofSection("new").length, replies: unread.reduce((sum, number) => sum + number, 0) };
  }

  const total = () => waiting.new + waiting.replies;

  function showOnIcon() {
    const bell = document.getElementById("chat-bell");
    if (!bell) return;
    Object.assign(bell.dataset, waiting);
    bell.setAttribute("aria-label", deskbell.fill(bell.dataset.label, waiting));
    const badge = bell.querySelector(".bell-count");
    badge.textContent = total();
    badge.hidden = total() === 0;
  }

  function showOnTab() {
    const plain = document.title.replace(/^\(\d+\) /, "");
    const title = total() ? `(${total()}) ${plain}` : plain;
    if (document.title !== title) document.title = title;
    if (!icon || !icon.dataset.waiting) return;
    const picture = total() ? icon.dataset.waiting : calmPicture;
    if (icon.getAttribute("href") !== picture) icon.setAttribute("href", picture);
  }

  function update() {
    if (!isListed) return;
    waiting = countWaiting();
    showOnIcon();
    showOnTab();
  }

  document.addEventListener("deskbell:listed", () => {
    isListed = true;
    update();
  });
  document.addEventListener("visibilitychange", update);
  document.addEventListener("htmx:finally:swap", () => isListed && showOnTab()); // htmx may have set a new title
})();
