"""Writes book.csv: 208 options on an implied-volatility surface from the literature.

Surface: the SVI limit of the Heston model, Gatheral and Jacquier, "Convergence of Heston to SVI", Quantitative Finance 11(8), 2011,
equations (1) to (6): with x = log(K / F) / T,

    vol^2(x) = omega1 / 2 * (1 + omega2 rho x + sqrt((omega2 x + rho)^2 + 1 - rho^2)),
    omega1 = 4 kappa theta / (sigma^2 (1 - rho^2)) * (sqrt((2 kappa - rho sigma)^2 + sigma^2 (1 - rho^2)) - (2 kappa - rho sigma)),
    omega2 = sigma / (kappa theta).

Parameters: the fit of Heston's model to S&P 500 options as of 15 September 2005 in Gatheral, "The Volatility Surface" (Wiley, 2006),
table 3.2: kappa = 1.3253, theta = 0.0354, sigma = 0.3877, rho = -0.7165. Spot, rate and dividend yield are round numbers of that
time. The limit is one of long maturities, so the book starts at half a year.
"""

import math
import pathlib

KAPPA, THETA, SIGMA, RHO = 1.3253, 0.0354, 0.3877, -0.7165
SPOT, RATE, DIVIDEND = 1200.0, 0.035, 0.018
YEAR = 31_536_000
EXPIRIES = [YEAR // 2, YEAR, 2 * YEAR, 4 * YEAR]
STRIKES = [600 + 40 * i for i in range(26)]


def vol(strike, years):
    spread = SIGMA**2 * (1 - RHO**2)
    pull = 2 * KAPPA - RHO * SIGMA
    omega1 = 4 * KAPPA * THETA / spread * (math.sqrt(pull**2 + spread) - pull)
    omega2 = SIGMA / (KAPPA * THETA)
    x = (math.log(strike / SPOT) - (RATE - DIVIDEND) * years) / years
    return math.sqrt(omega1 / 2 * (1 + omega2 * RHO * x + math.sqrt((omega2 * x + RHO) ** 2 + 1 - RHO**2)))


def main():
    lines = ["id,kind,spot,strike,expiry_seconds,vol,rate,dividend"]
    for seconds in EXPIRIES:
        for strike in STRIKES:
            mark = f"{vol(strike, seconds / YEAR):.4f}"
            for kind in ("call", "put"):
                name = f"SPX-{seconds // 86_400}D-{strike}-{kind[0].upper()}"
                lines.append(f"{name},{kind},{SPOT:.2f},{strike},{seconds},{mark},{RATE},{DIVIDEND}")
    pathlib.Path(__file__).with_name("book.csv").write_text("\n".join(lines) + "\n")


main()
