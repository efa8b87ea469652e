(function () {
  "use strict";
  var table = document.getElementById("table");
  if (!table) return;
  var find = document.getElementById("find");
  var shown = document.getElementById("shown");
  var more = document.getElementById("more");
  var rows = Array.from(table.querySelectorAll("tbody tr"));
  /* The page as it was written has all of them, in this order. */
  var PAGE = 200, all = false, hits = rows, put = rows.length, later = 0, texts = null;

  function number(count) { return count.toLocaleString(document.documentElement.lang); }
  function fill(text, one, two) { return text.replace("%1", number(one)).replace("%2", number(two)); }

  function label() {
    var count = all ? hits.length : Math.min(PAGE, hits.length);
    if (more) {
      more.parentNode.hidden = count === hits.length;
      more.textContent = fill(more.dataset.text, hits.length, 0);
    }
    shown.textContent = count < rows.length ? fill(shown.dataset.text, count, rows.length) : "";
  }

  /* A key or a click is answered with one page of rows. The others follow page by page, so that the
     next key need not wait for thousands; out of the layout, unless all of them were asked for. */
  function place() {
    cancelAnimationFrame(later);
    var bodies = table.tBodies;
    while (bodies.length > 1) bodies[bodies.length - 1].remove();
    bodies[0].replaceChildren.apply(bodies[0], hits.slice(0, PAGE));
    put = PAGE;
    label();
    follow();
  }

  function follow() {
    later = requestAnimationFrame(function () {
      var closed = all && table.querySelector(".rest:not(.open)");
      if (closed) closed.classList.add("open");
      else if (put < hits.length) append();
      else return;
      follow();
    });
  }

  function append() {
    var body = document.createElement("tbody");
    body.className = "rest";
    body.append.apply(body, hits.slice(put, put + PAGE));
    table.append(body);
    put += PAGE;
  }

  function filter() {
    var words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (!texts) texts = new Map(rows.map(function (row) {
      /* Only names: numbers of sizes and dates would match by accident. */
      var cells = row.cells;
      return [row, (cells[0].textContent + " " + cells[1].textContent + " " + cells[2].textContent).toLowerCase()];
    }));
    hits = words.length ? rows.filter(function (row) {
      return words.every(function (word) { return texts.get(row).indexOf(word) >= 0; });
    }) : rows;
    place();
  }

  function key(row, column) {
    var cell = row.cells[column], value = cell.dataset.v;
    return value === undefined ? cell.textContent.trim().toLowerCase() : Number(value);
  }

  function sort(header, column) {
    var up = header.getAttribute("aria-sort") !== "ascending";
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (cell) { cell.removeAttribute("aria-sort"); });
    header.setAttribute("aria-sort", up ? "ascending" : "descending");
    var compare = new Intl.Collator(document.documentElement.lang, { numeric: true }).compare;
    var keyed = rows.map(function (row) { return [key(row, column), row]; });
    keyed.sort(function (a, b) {
      var order = typeof a[0] === "number" ? a[0] - b[0] : compare(a[0], b[0]);
      return up ? order : -order;
    });
    rows = keyed.map(function (pair) { return pair[1]; });
    filter();
  }

  Array.prototype.forEach.call(table.tHead.rows[0].cells, function (header, column) {
    header.firstElementChild.addEventListener("click", function () { sort(header, column); });
  });
  find.addEventListener("input", filter);
  if (more) more.addEventListener("click", function () { all = true; label(); cancelAnimationFrame(later); follow(); });
  /* Paper gets every hit. */
  addEventListener("beforeprint", function () { while (put < hits.length) append(); });
  label();
})();
