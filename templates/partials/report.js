(function () {
  "use strict";
  var table = document.getElementById("table");
  if (!table) return;
  var find = document.getElementById("find");
  var shown = document.getElementById("shown");
  var more = document.getElementById("more");
  var bodies = Array.prototype.slice.call(table.tBodies);
  var rows = [];
  bodies.forEach(function (body) { rows.push.apply(rows, body.rows); });
  var PAGE = 200, all = false, hits = rows, texts = null;

  function number(count) { return count.toLocaleString(document.documentElement.lang); }
  function fill(text, one, two) { return text.replace("%1", number(one)).replace("%2", number(two)); }

  /* Rows beyond the first page stay out of the layout until they are asked for. */
  function place() {
    var count = all ? hits.length : Math.min(PAGE, hits.length);
    var first = bodies[0], rest = bodies[1];
    first.replaceChildren.apply(first, hits.slice(0, PAGE));
    for (var i = 2; i < bodies.length; i++) bodies[i].remove();
    if (rest) {
      rest.replaceChildren();
      for (var j = PAGE; j < hits.length; j += 1000) rest.append.apply(rest, hits.slice(j, j + 1000));
      rest.classList.toggle("open", all);
    }
    if (more) {
      more.parentNode.hidden = count === hits.length;
      more.textContent = fill(more.dataset.text, hits.length, 0);
    }
    shown.textContent = count < rows.length ? fill(shown.dataset.text, count, rows.length) : "";
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
  if (more) more.addEventListener("click", function () { all = true; place(); });
  place();
})();
