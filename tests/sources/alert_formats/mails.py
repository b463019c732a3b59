"""Alert mails in the forms in which these services send them, about papers that do not exist."""

from __future__ import annotations

from email.message import EmailMessage


def mail(sender: str, *, html: str = "", text: str = "", subject: str = "New articles", number: int = 1) -> bytes:
    """Return a message as it arrives."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = "ada@example.org"
    message["Subject"] = subject
    message["Message-ID"] = f"<{number}@{sender.rpartition('@')[2].strip('>')}>"
    message["Date"] = "Fri, 08 May 2026 07:00:00 +0000"
    message.set_content(text or "See the HTML part.")
    if html:
        message.add_alternative(html, subtype="html")
    return message.as_bytes()


SCHOLAR_HTML = """<!doctype html><html><body><div style="font-family:arial">
<h3 style="font-weight:normal"><span style="font-size:11px">[PDF]</span>
<a href="https://scholar.google.com/scholar_url?url=https://arxiv.org/pdf/2605.01234v2&amp;hl=en&amp;sa=X&amp;d=1"
 class="gse_alrt_title">Counting <b>Clouds</b> with Small
Language Models</a></h3>
<div style="color:#006621">A Example, BC Sample… - arXiv preprint arXiv:2605.01234, 2026</div>
<div class="gse_alrt_sni">We teach a small language model<br>to count <b>clouds</b>. It counts well on …</div>
<div style="width:auto"><table><tr><td><a href="https://scholar.google.com/citations?update_op=email">Save</a></td>
<td><a href="https://scholar.google.com/scholar_share?ss=tw">Twitter</a></td></tr></table></div>
<h3><a href="https://scholar.google.com/scholar_url?url=https%3A%2F%2Fclouds.example%2Fkettles%3Fid%3D7&amp;hl=en"
 class="gse_alrt_title">Kettles That Know When to Whistle</a></h3>
<div style="color:#006621">C Specimen - Journal of Kettles, 2025 - clouds.example</div>
<div class="gse_alrt_sni"></div>
<h3><a href="https://scholar.google.com/scholar_url?url=https://doi.org/10.1000/Spoons&amp;hl=en"
 class="gse_alrt_title">[HTML][HTML] On Spoons</a></h3>
<div style="color:#006621">D Doe - A Journal with a Name That Is …, 2026</div>
<p>This message was sent by Google Scholar because you're following new articles.
<a href="https://scholar.google.com/scholar_alerts?view_op=cancel">Cancel alert</a></p></div></body></html>"""

SEMANTIC_ID = "0123456789abcdef0123456789abcdef01234567"
SEMANTIC_HTML = f"""<html><body><h1>New papers for your feed</h1><table>
<tr><td><a class="paper-link title"
 href="https://www.semanticscholar.org/paper/Counting-Clouds/{SEMANTIC_ID}?utm_source=alert">
Counting Clouds with Small Language Models</a>
<div class="paper-authors">Ada Example, Ben Sample</div><div class="paper-venue">Journal of Clouds</div>
<div class="paper-abstract">We teach a small language model to count clouds.</div>
<div>TLDR: A small model counts clouds.</div>
<a href="https://www.semanticscholar.org/paper/Counting-Clouds/{SEMANTIC_ID}?utm_source=x">View Paper</a></td></tr>
<tr><td><a href="https://www.semanticscholar.org/me/library">Library</a></td></tr></table></body></html>"""

ARXIV_TEXT = r"""------------------------------------------------------------------------------
------------------------------------------------------------------------------
Send any comments regarding submissions directly to submitter.
------------------------------------------------------------------------------
Archives at http://arxiv.org/
To unsubscribe, e-mail To: cs@arXiv.org, Subject: cancel
------------------------------------------------------------------------------
 Submissions to:
Computation and Language
 received from  Thu  7 May 26 18:00:00 GMT  to  Fri  8 May 26 18:00:00 GMT
------------------------------------------------------------------------------
------------------------------------------------------------------------------
\\
arXiv:2605.01234
Date: Thu, 7 May 2026 18:12:12 GMT   (123kb,D)

Title: Counting Clouds at $p < 0.05$ with Small
  Language Models
Authors: Ada Example (Institute of Weather), Beno\^it Sample and
  The Cloud Team
Categories: cs.CL cs.LG
Comments: 12 pages
DOI: 10.1000/Clouds
License: http://creativecommons.org/licenses/by/4.0/
\\
  We teach a small language model to count clouds. It counts well
on clear days.
\\ ( https://arxiv.org/abs/2605.01234 ,  123kb)
------------------------------------------------------------------------------
\\
arXiv:2605.04321
Date: Fri, 8 May 2026 01:02:03 GMT   (9kb)

Title: Kettles -- That Know
Authors: Cy Specimen, et al. (5 additional authors not shown)
Categories: cs.RO
\\
  Kettles know.
\\ ( https://arxiv.org/abs/2605.04321 ,  9kb)
%-%-%-%-%-%-%-%-%-%-%-%-%-%-%-%-%-%-%-%-%-%-%-%-%-%-%-%-%-%-%-%-%-%-%-%-%-%-%
------------------------------------------------------------------------------
\\
arXiv:2605.00007 (*cross-listing*)
Date: Thu, 7 May 2026 09:00:00 GMT   (1kb)

Title: On Spoons
Authors: Dee Doe
Categories: physics.soc-ph cs.CL
\\
  They stir.
\\ ( https://arxiv.org/abs/2605.00007 ,  1kb)
%%--%%--%%--%%--%%--%%--%%--%%--%%--%%--%%--%%--%%--%%--%%--%%--%%--%%--%%--%%
------------------------------------------------------------------------------
\\
arXiv:2601.00001
replaced with revised version Thu, 7 May 2026 10:00:00 GMT   (50kb)

Title: An Old Paper
Authors: Old Hand
Categories: cs.CL
\\ ( https://arxiv.org/abs/2601.00001 ,  50kb)
%%--%%--%%--%%--%%--%%--%%--%%--%%--%%--%%--%%--%%--%%--%%--%%--%%--%%--%%--%%
"""

ELSEVIER_HTML = """<html><body><h1>New search results for clouds</h1><table><tr><td>
<h2><a href="https://www.sciencedirect.com/science/article/pii/S0123456789012345?dgcid=raven_sd_search_email">
<span>Counting Clouds</span> in CO<sub>2</sub></a></h2>
<p><span></span>Research article</p>
<p><span><span>Journal of Clouds, Volume 12, Issue 3, May 2026, Pages 1-9,</span></span>
</p>
<p>Ada Example, Ben Sample, ... Dee Doe</p></td></tr><tr><td>
<h2><a
href="https://x1.awstrack.me/L0/https:%2F%2Fwww.sciencedirect.com%2Fscience%2Farticle%2Fpii%2FS0999999999000001/1/0">
Kettles That Know When to Whistle</a></h2>
<p>Review article</p><p>Journal of Kettles, Available online 7 May 2026, 104321</p><p>Cy Specimen</p>
<a href="https://www.sciencedirect.com/science/article/pii/S0999999999000001">View article</a></td></tr></table>
<p><a href="https://www.sciencedirect.com/search">View all results</a></p></body></html>"""

NCBI_HTML = """<html><body><p>Sender's message:</p><p>Sent on: 2026 May 08</p><p>Search: <b>clouds</b></p>
<div class="docsum-wrap"><a class="docsum-title" href="https://pubmed.ncbi.nlm.nih.gov/41234567/?utm_source=Other"
 ref="article_id=41234567">Counting <b>clouds</b> in H<sub>2</sub>O.</a>
<div class="docsum-citation"><span class="docsum-authors">Example A, Sample BC Jr, Doe D.</span>
<br/><span class="docsum-journal-citation">
J Clouds. 2026 May 7;12(3):1-9. doi: 10.1000/Clouds. Online ahead of print.</span>
</div>
<div>PMID: <a href="https://pubmed.ncbi.nlm.nih.gov/41234567/">41234567</a></div></div>
<div class="docsum-wrap">
<a class="docsum-title" href="https://www.ncbi.nlm.nih.gov/pubmed/41234568">Do kettles know?</a>
<br/>Specimen C.<br/>Kettles (Basel). 2026 Apr;1(1):2.</div>
<p><a href="https://www.ncbi.nlm.nih.gov/sites/myncbi/">My NCBI</a></p></body></html>"""

NCBI_TEXT = """This message contains My NCBI what's new results from the National Center for
Biotechnology Information (NCBI) at the U.S. National Library of Medicine (NLM).

Search: clouds
Items 1 - 2 of 2

1: Example A, Sample BC. Counting clouds. A study of
weather. J Clouds. 2026 May 7;12(3):1-9. doi: 10.1000/Clouds. Online ahead of
print. PMID: 41234567.

2: Specimen C. Do kettles know? Kettles (Basel). 2026 Apr;1(1):2. PMID: 41234568.
"""

NCBI_MEDLINE = """My NCBI what's new

PMID- 41234567
TI  - Counting clouds.
AB  - We count.
FAU - Example, Ada
JT  - Journal of clouds
DP  - 2026 May 7
LID - 10.1000/clouds [doi]
"""

SCHOLAR = mail("Google Scholar Alerts <scholaralerts-noreply@google.com>", html=SCHOLAR_HTML)
SEMANTIC = mail("Semantic Scholar <do-not-reply@semanticscholar.org>", html=SEMANTIC_HTML, number=2)
ARXIV = mail('"no-reply@arXiv.org (send mail ONLY to cs)" <no-reply@arxiv.org>', text=ARXIV_TEXT, number=3)
ELSEVIER = mail("ScienceDirect <sciencedirect@notification.elsevier.com>", html=ELSEVIER_HTML, number=4)
NCBI = mail("My NCBI <efback@ncbi.nlm.nih.gov>", html=NCBI_HTML, number=5)
ALL = (SCHOLAR, SEMANTIC, ARXIV, ELSEVIER, NCBI)
