// Shows who is there to work and what is on sale, from the API itself.

const status = document.getElementById("status");
const features = document.getElementById("features");

async function ask(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return answer.json();
}

function line(tag, text, name) {
  const element = document.createElement(tag);
  element.textContent = text;
  if (name) element.className = name;
  return element;
}

function crews(workers) {
  if (!workers.length) return "no worker has announced itself yet";
  return workers.map(({ count, queue, profile }) => `${count} × ${profile} for ${queue}`).join(", ");
}

try {
  const [health, sale] = await Promise.all([ask("/health"), ask("/api/v1/features")]);
  status.textContent = `The studio is up (${health.stage}): ${crews(health.workers)}.`;
  for (const feature of sale.data) {
    const item = document.createElement("li");
    item.append(
      line("strong", feature.title),
      line("span", `${feature.creditsPerUnit} credits per ${feature.unit}`, "price"),
      line("p", feature.summary),
    );
    features.append(item);
  }
} catch (error) {
  status.textContent = `The studio does not answer: ${error.message}`;
}
