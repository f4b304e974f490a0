// Tells the password that was chosen, with the secret of the link.
const data = JSON.parse(document.getElementById("data").textContent);
const said = document.getElementById("said");
const form = document.querySelector("form");
const token = location.hash.slice(1);

function say(text) {
  said.textContent = text;
  said.className = "card notice";
}

if (!token) {
  form.hidden = true;
  say(data.spent);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const answer = await fetch(data.to, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token, password: document.getElementById("password").value }),
    });
    if (answer.ok) {
      // The link is spent, and its secret need not stay in the address.
      history.replaceState(null, "", location.pathname);
      form.hidden = true;
      say(data.set);
      return;
    }
    const problem = await answer.json();
    const violation = (problem.violations || [])[0];
    if (answer.status === 404) {
      form.hidden = true;
      say(data.spent);
    } else {
      say((violation && violation.message) || problem.detail || problem.title);
    }
  } catch {
    say(data.trouble);
  } finally {
    button.disabled = false;
  }
});
