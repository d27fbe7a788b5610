// What the page does with a script: tables sort, and the choices of language and colours are remembered.
// Everything else works without it.
"use strict";

function keyOf(row, column) {
  const cell = row.cells[column];
  return cell.dataset.key ?? cell.textContent.trim();
}

function sort(header, column) {
  const table = header.closest("table");
  const ascending = header.getAttribute("aria-sort") !== "ascending";
  for (const other of header.parentElement.cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  const numbers = header.dataset.sort === "number";
  const order = new Intl.Collator(table.closest("[lang]").lang, { numeric: true });
  const rows = [...table.tBodies[0].rows].map((row) => [keyOf(row, column), row]);
  rows.sort(([one], [other]) => {
    if (one === "" || other === "") return (one === "") - (other === ""); // what is not known stays last
    const found = numbers ? Number(one) - Number(other) : order.compare(one, other);
    return ascending ? found : -found;
  });
  table.tBodies[0].append(...rows.map(([, row]) => row));
}

for (const header of document.querySelectorAll("th[data-sort]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...header.childNodes);
  button.addEventListener("click", () => sort(header, header.cellIndex));
  header.append(button);
}

// A file that is opened from disk may have no storage; then nothing is remembered.
function remembered(name) {
  try { return localStorage.getItem(name); } catch { return null; }
}
function remember(name, value) {
  try { localStorage.setItem(name, value); } catch { /* likewise */ }
}

for (const name of ["language", "theme"]) {
  const choices = [...document.querySelectorAll(`input[name="${name}"]`)];
  const apply = () => {
    const chosen = choices.find((choice) => choice.checked);
    if (name === "language") document.documentElement.lang = chosen.value;
  };
  const wanted = choices.find((choice) => choice.value === remembered(`undercurrent-${name}`));
  if (wanted) wanted.checked = true;
  for (const choice of choices) {
    choice.addEventListener("change", () => { remember(`undercurrent-${name}`, choice.value); apply(); });
  }
  apply();
}

// A link to a record or an item opens what it is folded away in.
function unfold() {
  const id = decodeURIComponent(location.hash.slice(1));
  const target = id && document.getElementById(id);
  for (let part = target; part; part = part.parentElement) {
    if (part instanceof HTMLDetailsElement) part.open = true;
  }
}
addEventListener("hashchange", unfold);
unfold();
