"""How the pages a person decides on look: on a phone and a desk, by day and by night."""

STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#5b6470;--paper:#fff;--line:#d6dbe1;--good:#116b34;--bad:#b42318}
@media(prefers-color-scheme:dark){
:root{--ink:#e8ebee;--soft:#a3adb8;--paper:#14181d;--line:#353d46;--good:#5bd08a;--bad:#ff8a7d}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:44rem;padding:1.5rem 1rem 4rem;background:var(--paper);color:var(--ink);
font:1rem/1.55 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 .25rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}
p{margin:.4rem 0}.soft{color:var(--soft)}.good{color:var(--good)}.bad{color:var(--bad)}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.4rem .6rem .4rem 0;border-bottom:1px solid var(--line);overflow-wrap:normal}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}ul{padding-left:1.2rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1rem;margin:0}dt{color:var(--soft)}dd{margin:0}
label{display:block;margin:1rem 0 .25rem}
input,textarea{width:100%;font:inherit;padding:.5rem;border:1px solid var(--soft);border-radius:.3rem;
background:transparent;color:inherit}
.choice{display:flex;justify-content:space-between;gap:4rem;margin-top:2rem}
button{font:inherit;font-weight:600;padding:.8rem 1.6rem;border:2px solid;border-radius:.4rem;background:transparent;
cursor:pointer}
button.good{border-color:var(--good)}button.bad{border-color:var(--bad)}
iframe{width:100%;height:32rem;border:1px solid var(--line);border-radius:.3rem}
.notice{border-left:4px solid;padding:.6rem 1rem;margin:1rem 0}
"""
