//! One transaction of every type.

use super::venue::{PERPETUAL, Venue, unsigned};
use crate::state::{
    ids::{InstrumentId, MarketId},
    tx::{
        Auction, Cancel, Collect, FixExpiry, ForcedWithdraw, FundingTick, List, Noop, Reserve, RotateKey, Settle,
        Takeover, Transfer, Tx, Withdraw,
    },
};

impl Venue {
    /// One transaction of every type, in the order of their numbers, signed by whom they name. Three actors send them.
    ///
    /// # Panics
    /// If there are no such actors.
    pub fn one_of_each(&mut self, [alice, bob, carol]: [usize; 3]) -> Vec<Tx> {
        let (account, owner, signature) = (self.actors[alice].id, self.actors[alice].owner, unsigned());
        let (to, key) = (self.actors[bob].id, self.actors[bob].key.public());
        let (price, time) = (self.spot, self.time);
        let nonce = self.state.account(account).expect("a store in memory").map_or(0, |found| found.nonce);
        let index = self.state.registers().forced_cursor;
        let perpetual = InstrumentId::perpetual(PERPETUAL).expect("the first market is in range");
        let all: Vec<Tx> = vec![
            Noop {}.into(),
            self.deposit(alice, 5).into(),
            Withdraw { account, amount: 5, nonce, signature }.into(),
            ForcedWithdraw { index, account, owner, amount: 5 }.into(),
            self.registration(alice).into(),
            RotateKey { account, key, nonce, signature }.into(),
            Cancel { account, order_id: 5, signature }.into(),
            Reserve { account, amount: 5, nonce, signature }.into(),
            Transfer { from: account, to, amount: 5, nonce, signature }.into(),
            self.trade(bob, alice, perpetual, price, 10).into(),
            Settle { account, instrument: perpetual }.into(),
            Auction { account }.into(),
            self.bid(carol, account, 100, 5).into(),
            Takeover { account }.into(),
            Collect {}.into(),
            List { market: MarketId(7), underlying: PERPETUAL, expiry: time + 9, strike_base: 1, strike_step: 1 }
                .into(),
            self.oracle_update().into(),
            FixExpiry { market: MarketId(1), ..self.fixing(MarketId(1), 5) }.into(),
            self.risk_array().into(),
            FundingTick { market: PERPETUAL }.into(),
        ];
        let numbers: Vec<u8> = all.iter().map(Tx::type_number).collect();
        assert_eq!(numbers, (0..20).collect::<Vec<u8>>(), "one of each, in the order of the chapter");
        all.into_iter().map(|tx| self.sign_again(tx)).collect()
    }
}
