"""How the pages a person decides on look: on a phone and a desk, by day and by night."""

STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#59626d;--paper:#fff;--line:#d6dbe1;--good:#0a7138;--bad:#b3261e;
--link:#1a5fa8;--right:#2fbf71;--wrong:#ff5247;--missed:#ffb21a}
@media(prefers-color-scheme:dark){
:root{--ink:#e8ebee;--soft:#a3adb8;--paper:#14181d;--line:#353d46;--good:#5bd08a;--bad:#ff8a7d;--link:#7db8ef}}
*{box-sizing:border-box}
html{scroll-padding-bottom:7rem}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.45 system-ui,sans-serif;overflow-wrap:anywhere}
main{margin:0 auto;max-width:48rem;padding:1rem 1rem 2rem}
h1{font-size:1.35rem;line-height:1.25;margin:0 0 .5rem;text-wrap:balance}h2{font-size:1.05rem;margin:1.5rem 0 .5rem}
p{margin:.3rem 0}.lead{font-size:1.15rem;font-weight:600;line-height:1.35;text-wrap:balance}
.soft{color:var(--soft)}.good{color:var(--good)}.bad{color:var(--bad)}
a,summary{color:var(--link)}
table{border-collapse:collapse;width:100%;margin-top:1.25rem}
th,td{text-align:left;padding:.4rem .6rem .4rem 0;border-bottom:1px solid var(--line);overflow-wrap:normal;
vertical-align:baseline}
tbody th{font-weight:400}small{color:var(--soft);white-space:nowrap}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}ul{padding-left:1.2rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1rem;margin:1rem 0 0}dt{color:var(--soft)}dd{margin:0}
details{margin:.75rem 0;border:1px solid var(--line);border-radius:.4rem;padding:0 .9rem}
details[open]{padding-bottom:.75rem}
summary{padding:.7rem 0;cursor:pointer;font-weight:600}
label{display:block;margin:1rem 0 .25rem}
input,textarea{width:100%;font:inherit;padding:.5rem;border:1px solid var(--soft);border-radius:.3rem;
background:transparent;color:inherit}
button{font:inherit;font-weight:600;min-height:3rem;padding:.6rem 1.2rem;border:2px solid;border-radius:.5rem;
background:transparent;cursor:pointer;white-space:nowrap}
button.good{border-color:var(--good)}button.bad{border-color:var(--bad)}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.choice{display:flex;justify-content:space-between;gap:1rem;margin-top:1.5rem}
.choice.bar{position:sticky;bottom:0;margin:1.5rem -1rem 0;padding:.7rem 1rem calc(.7rem + env(safe-area-inset-bottom));
background:var(--paper);border-top:1px solid var(--line)}
main:has(.bar){padding-bottom:0}
.notice{border-left:4px solid;padding:.6rem 1rem;margin:.75rem 0}.notice ul{margin:.3rem 0 0}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;margin:0 0 .6rem;padding:0;list-style:none;font-size:.9rem}
.legend svg{width:22px;height:14px;margin-right:.4rem;vertical-align:-2px}
.pictures{display:grid;gap:1rem}
.pictures.alone{grid-template-columns:1fr 1fr}
.sides{display:grid;grid-template-columns:repeat(auto-fit,minmax(0,1fr));grid-auto-flow:column;gap:.5rem;
align-items:start}
figure{margin:0}figcaption{font-size:.85rem;line-height:1.35;padding-top:.3rem}
figcaption strong{display:block}figcaption strong:first-letter{text-transform:uppercase}
.shot{position:relative;line-height:0;border-radius:.3rem;overflow:hidden}
.shot>svg:first-child{display:block;width:100%;height:auto}
.drawn{position:absolute;inset:0;width:100%;height:100%}
.shot rect,.shot polygon,.legend rect{fill:none;stroke-width:2;vector-effect:non-scaling-stroke}
.shot circle{stroke:#000;stroke-width:.75}
.shot text{font-size:11px;font-weight:600;fill:#fff;stroke:#000;stroke-width:3px;paint-order:stroke}
rect.right,.right polygon{stroke:var(--right)}circle.right{fill:var(--right)}
rect.wrong,.wrong polygon{stroke:var(--wrong);stroke-dasharray:6 3}circle.wrong{fill:var(--wrong)}
rect.missed,.missed polygon{stroke:var(--missed);stroke-dasharray:2 4;stroke-linecap:round}
circle.missed{fill:var(--missed)}
@media(min-width:70rem){
main{max-width:72rem}p,table,dl,details,form{max-width:46rem}
.pictures{grid-template-columns:1fr 1fr;gap:1.5rem}.pictures.alone{grid-template-columns:repeat(4,1fr);gap:.75rem}}
@media(min-width:48rem){
h1{font-size:1.7rem}.lead{font-size:1.3rem}.shot text{font-size:12px}.choice.bar{padding-top:1rem;padding-bottom:1rem}}
"""
