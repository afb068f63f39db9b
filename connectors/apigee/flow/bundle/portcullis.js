// Decides whether a request meets a rule of the key value map. ECMAScript 5, as Apigee's Rhino runs it.
//
// Before the proxy: judges all rules; of those for apps, which only the proxy's own policies tell, it keeps what is left to
// compare in portcullis.waiting. Before the target: compares the app alone. Sets portcullis.refused (a block's id) and
// portcullis.counted (ids, by comma). Whatever cannot be read matches nothing, so a fault of ours stops no request.
(function () {
  var PAGES = 4, FORMAT = 1;

  function variable(name) {
    var value = context.getVariable(name);
    return value === null || value === undefined ? null : String(value);
  }

  function hex(number, width) {
    var text = number.toString(16);
    while (text.length < width) { text = "0" + text; }
    return text;
  }

  function packed4(text) {
    var parts = text.split("."), made = "";
    if (parts.length !== 4) { return null; }
    for (var i = 0; i < 4; i++) {
      if (!/^(0|[1-9][0-9]{0,2})$/.test(parts[i]) || Number(parts[i]) > 255) { return null; }
      made += hex(Number(parts[i]), 2);
    }
    return made;
  }

  function groups6(text) {
    return text === "" ? [] : text.split(":");
  }

  function packed6(text) {
    var dotted = text.lastIndexOf(":") + 1, last = text.substring(dotted);
    if (last.indexOf(".") >= 0) {
      var four = packed4(last);
      if (four === null) { return null; }
      text = text.substring(0, dotted) + four.substring(0, 4) + ":" + four.substring(4);
    }
    var halves = text.split("::"), head = groups6(halves[0]), tail = halves.length === 2 ? groups6(halves[1]) : [];
    var missing = 8 - head.length - tail.length;
    if (halves.length > 2 || (halves.length === 2 ? missing < 1 : missing !== 0)) { return null; }
    while (missing-- > 0) { head.push("0"); }
    var all = head.concat(tail), made = "";
    for (var i = 0; i < 8; i++) {
      if (!/^[0-9a-fA-F]{1,4}$/.test(all[i])) { return null; }
      made += hex(parseInt(all[i], 16), 4);
    }
    return made;
  }

  // An address as eight or thirty-two hexadecimal digits; IPv4 inside IPv6 counts as IPv4.
  function packed(text) {
    if (text === null) { return null; }
    if (text.indexOf(":") < 0) { return packed4(text); }
    var made = packed6(text.split("%")[0]);
    return made !== null && made.indexOf("00000000000000000000ffff") === 0 ? made.substring(24) : made;
  }

  // Whether an address lies in one of the sorted ranges, each its first and last address, all in one text.
  function within(ranges, address) {
    var width = address.length, low = 0, high = ranges.length / (2 * width) - 1;
    while (low <= high) {
      var middle = (low + high) >> 1, at = middle * 2 * width;
      if (address < ranges.substring(at, at + width)) {
        high = middle - 1;
      } else if (address > ranges.substring(at + width, at + 2 * width)) {
        low = middle + 1;
      } else {
        return true;
      }
    }
    return false;
  }

  // Where a template's parts can end in a text: a part is a text, or 1 for one segment or a piece of it. Positions are carried
  // along instead of tried one by one, so that no path makes this slow. Where anything may follow, the first end will do.
  function ends(parts, text, open) {
    var from = [0], to, i, p, q, next, whole;
    for (i = 0; i < parts.length && from.length; i++) {
      to = [];
      next = parts[i + 1];
      whole = next === undefined ? !open : next !== 1 && next.charAt(0) === "/";
      for (p = 0, q = 0; p < from.length; p++) {
        if (parts[i] !== 1) {
          if (text.substr(from[p], parts[i].length) === parts[i]) { to.push(from[p] + parts[i].length); }
        } else if (whole) {
          q = text.indexOf("/", from[p]);
          if (q < 0) { q = text.length; }
          if (q > from[p] && to[to.length - 1] !== q) { to.push(q); }
        } else {
          for (q = Math.max(q, from[p]); q < text.length && text.charAt(q) !== "/"; q++) { to.push(q + 1); }
        }
      }
      from = to;
    }
    return from;
  }

  // A template is its parts or, with a tail {x+}, those before it and those behind it, these backwards.
  function fits(template, path) {
    var head = template[0], slash = path.text.charAt(path.text.length - 1) === "/", length = path.text.length;
    if (template.length === 1) {
      var found = ends(head, path.text, false), last = found[found.length - 1];
      return last === length || (slash && head[head.length - 1] !== "/" && found.indexOf(length - 1) >= 0);
    }
    var first = ends(head, path.text, true)[0], back = ends(template[1], path.back, true)[0];
    if (first === undefined) { return false; }
    if (back !== undefined && length - back > first) { return true; }
    back = slash ? ends(template[1], path.back.substring(1), true)[0] : undefined;
    return back !== undefined && length - 1 - back > first;
  }

  // Bytes of UTF-8 as percent signs. What is none stays as it is written: one broken sign hides nothing beside it.
  var ESCAPED = /%[0-7][0-9a-f]|%[cd][0-9a-f]%[89ab][0-9a-f]|%e[0-9a-f](?:%[89ab][0-9a-f]){2}|%f[0-7](?:%[89ab][0-9a-f]){3}/gi;

  function decoded(text) {
    return text.replace(ESCAPED, function (escape) {
      try { return decodeURIComponent(escape); } catch (broken) { return escape; }
    });
  }

  function normal(path) {
    var kept = [], parts = path.split("/");
    for (var i = 0; i < parts.length; i++) {
      if (parts[i] === "..") {
        kept.pop();
      } else if (parts[i] !== "." && parts[i] !== "") {
        kept.push(parts[i]);
      }
    }
    var last = parts[parts.length - 1], slash = kept.length && (last === "" || last === "." || last === "..");
    return "/" + kept.join("/") + (slash ? "/" : "");
  }

  // The path as it was written and, where these are others, as a server may understand it: some leave out what follows a ";".
  function spellings(uri) {
    var raw = uri.split("?")[0], found = [raw];
    [raw].concat(raw.indexOf(";") < 0 ? [] : raw.replace(/;[^\/]*/g, "")).forEach(function (text) {
      var read = normal(decoded(text));
      if (found.indexOf(read) < 0) { found.push(read); }
    });
    return found;
  }

  function some(values, holds) {
    for (var i = 0; i < values.length; i++) {
      if (holds(values[i])) { return true; }
    }
    return false;
  }

  function hostOf(text) {
    return text === null ? null : text.toLowerCase().replace(/:[0-9]*$/, "").replace(/\.$/, "");
  }

  var headers = {};

  // A header's whole value in small letters; each is read once.
  function header(name) {
    var key = "_" + name, found;
    if (headers[key] === undefined) {
      found = variable("request.header." + name + ".values.string");
      headers[key] = name === "host" ? hostOf(variable("request.header.host")) : found === null ? null : found.toLowerCase();
    }
    return headers[key];
  }

  function headerFits(wanted) {
    var found = header(wanted.name);
    if (found === null) { return false; }
    var at = found.indexOf(wanted.value);
    if (wanted.op === "contains") { return at >= 0; }
    return at === 0 && (wanted.op === "prefix" || found.length === wanted.value.length);
  }

  function request() {
    var uri = variable("request.uri");
    return {
      verb: variable("request.verb"),
      host: hostOf(variable("request.header.host")),
      paths: uri === null ? [] : spellings(uri).map(function (text) {
        return { text: text, back: text.split("").reverse().join("") };
      }),
      address: packed(variable("client.resolved.ip") || variable("client.ip"))
    };
  }

  // Everything but the app.
  function meets(rule, asked) {
    if (rule.v4 && (asked.address === null || asked.address.length !== 8 || !within(rule.v4, asked.address))) { return false; }
    if (rule.v6 && (asked.address === null || asked.address.length !== 32 || !within(rule.v6, asked.address))) { return false; }
    if (rule.verbs && rule.verbs.indexOf(asked.verb) < 0) { return false; }
    if (rule.hosts && rule.hosts.indexOf(asked.host) < 0) { return false; }
    if (rule.headers && some(rule.headers, function (wanted) { return !headerFits(wanted); })) { return false; }
    return !rule.paths || some(rule.paths, function (template) {
      return some(asked.paths, function (path) { return fits(template, path); });
    });
  }

  var counted = (variable("portcullis.counted") || "").split(",").filter(Boolean);

  function met(rule) {
    if (rule.mode === "block") {
      context.setVariable("portcullis.refused", rule.id);
    } else if (counted.indexOf(rule.id) < 0) {
      counted.push(rule.id);
      context.setVariable("portcullis.counted", counted.join(","));
    }
  }

  function rules() {
    var found = [];
    for (var number = 1; number <= PAGES; number++) {
      var text = variable("private.portcullis.rules." + number);
      if (text !== null) {
        try {
          var page = JSON.parse(text);
          if (page.format !== FORMAT) { throw new Error("another format"); }
          found = found.concat(page.rules);
        } catch (broken) {
          context.setVariable("portcullis.unread", String(number));
        }
      }
    }
    return found;
  }

  // How long a rule may take to judge: those that compare no path first, those that search in segments last.
  function effort(rule) {
    return rule.slow ? 2 : rule.paths ? 1 : 0;
  }

  // What is decided is set at once: when time runs out over one rule, the others hold.
  function beforeProxy() {
    var asked = request(), now = new Date().getTime(), waiting = [], known = rules();
    for (var stage = 0; stage < 3; stage++) {
      for (var i = 0; i < known.length; i++) {
        if (known[i] && effort(known[i]) === stage && known[i].exp > now && meets(known[i], asked)) {
          if (known[i].apps) {
            waiting.push({ id: known[i].id, mode: known[i].mode, apps: known[i].apps });
          } else {
            met(known[i]);
          }
        }
      }
      context.setVariable("portcullis.waiting", JSON.stringify(waiting));
    }
  }

  function beforeTarget(waiting) {
    var names = [variable("developer.app.name"), variable("developer.email")];
    for (var i = 0; i < waiting.length; i++) {
      if (some(waiting[i].apps, function (app) { return names.indexOf(app) >= 0; })) { met(waiting[i]); }
    }
  }

  var left = variable("portcullis.waiting");
  if (left === null) { beforeProxy(); } else { beforeTarget(JSON.parse(left)); }
}());
