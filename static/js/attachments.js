// Files of a reply: chosen, dropped or pasted, shown as chips, kept per case while the page lives.
(() => {
  "use strict";

  const deskbell = window.deskbell;

  const held = new Map(); // case → files

  const composer = () => document.querySelector("#conversation .composer");
  const openCase = () => document.getElementById("conversation")?.dataset.case;
  const chooser = () => composer().querySelector('input[type="file"]');
  const filesOf = (caseId) => held.get(caseId) || [];

  function chip(file, index) {
    const item = document.getElementById("file-template").content.firstElementChild.cloneNode(true);
    item.querySelector(".file-name").textContent = file.name;
    item.querySelector("[data-remove]").value = index;
    return item;
  }

  function show() {
    const list = composer() && composer().querySelector(".composer-files");
    if (list) list.replaceChildren(...filesOf(openCase()).map(chip));
  }

  /** Takes the files that fit and says which do not. The limits stand on the file input. */
  function fitting(files, present) {
    const { mostBytes, mostFiles, textEmpty } = chooser().dataset;
    const isSound = (file) => file.size > 0 && file.size <= Number(mostBytes);
    for (const { name, size } of files.filter((file) => !isSound(file))) {
      const sentence = size ? deskbell.text("file-too-large", { name }) : deskbell.fill(textEmpty, { name });
      deskbell.toast(sentence, "error");
    }
    const sound = files.filter(isSound);
    const room = Math.max(0, Number(mostFiles || Infinity) - present.length);
    if (sound.length > room) deskbell.toast(deskbell.text("too-many-files", { most: mostFiles }), "error");
    return sound.slice(0, room);
  }

  function add(files) {
    const present = filesOf(openCase());
    held.set(openCase(), [...present, ...fitting([...files], present)]);
    show();
  }

  const canTake = () => Boolean(composer()) && !composer().querySelector("fieldset").disabled;
  const isInside = (event) => event.target.closest && event.target.closest("#conversation");

  function drag(event) {
    if (!isInside(event) || !event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    document.getElementById("conversation").toggleAttribute("data-dragging", event.type === "dragover" && canTake());
    if (event.type === "drop" && canTake()) add(event.dataTransfer.files);
  }

  deskbell.attachments = {
    /** Hands the files of a case over, for sending. */
    take(caseId) {
      const files = filesOf(caseId);
      held.delete(caseId);
      show();
      return files;
    },
    put(caseId, files) {
      if (files.length) held.set(caseId, [...files, ...filesOf(caseId)]);
      show();
    },
  };

  for (const name of ["dragover", "dragleave", "drop"]) document.addEventListener(name, drag);
  document.addEventListener("paste", (event) => {
    const images = [...event.clipboardData.files].filter((file) => file.type.startsWith("image/"));
    if (!images.length || !event.target.closest?.("#conversation .composer") || !canTake()) return;
    event.preventDefault();
    add(images);
  });
  document.addEventListener("change", (event) => {
    if (!event.target.matches('#conversation .composer input[type="file"]')) return;
    add(event.target.files);
    event.target.value = ""; // the same file may be chosen again
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("#conversation .composer-files [data-remove]");
    if (!button) return;
    held.set(openCase(), filesOf(openCase()).filter((file, index) => index !== Number(button.value)));
    show();
    composer().querySelector("textarea").focus();
  });
  document.addEventListener("deskbell:opened", show);
})();
