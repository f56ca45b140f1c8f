import { render } from "preact";
import { App } from "./app";
import "./style/tokens.css";
import "./style/page.css";
import "./style/cards.css";
import "./style/chart.css";
import "./style/help.css";
import { applyTheme, readTheme } from "./theme";

applyTheme(readTheme());
const page = document.getElementById("page");
if (!page) throw new Error("index.html has no element with the id 'page'");
render(<App />, page);
