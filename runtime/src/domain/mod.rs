//! The things a seller keeps, as the runtime and the adapters see them: no wire shapes, no
//! protocol mechanics.

mod account;
pub(crate) mod allocation;
mod creative;
mod delivery;
mod lifecycle;
mod media_buy;
pub(crate) mod money;
mod proposal;
mod recipe;

pub use account::{AccountRecord, AccountStatus};
pub use creative::{Creative, CreativeReview, CreativeStatus, FormatId, same_agent};
pub use delivery::{BuyDelivery, DateRange, DeliveryQuery, Metrics, PackageDelivery};
pub use media_buy::{
    Booking, BookingState, Cancellation, HistoryEntry, MediaBuy, MediaBuyChange, MediaBuyStatus,
    Package, PackageChange,
};
pub use proposal::{Applied, Draft, Finalized, Subject, ToFinalize, Wish, write_recipes};
pub use recipe::{NoRecipe, RecipeType, Recipes};
