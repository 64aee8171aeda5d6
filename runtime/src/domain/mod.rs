//! The things a seller keeps, as the runtime and the adapters see them: no wire shapes, no
//! protocol mechanics.

mod account;
mod creative;
mod delivery;
mod lifecycle;
mod media_buy;
pub(crate) mod money;

pub use account::{AccountRecord, AccountStatus};
pub use creative::{Creative, CreativeReview, CreativeStatus, FormatId, same_agent};
pub use delivery::{BuyDelivery, DateRange, DeliveryQuery, Metrics, PackageDelivery};
pub use media_buy::{
    Booking, BookingState, Cancellation, HistoryEntry, MediaBuy, MediaBuyChange, MediaBuyStatus,
    Package, PackageChange,
};
