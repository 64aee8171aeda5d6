//! What is not taken is tried again: the same bytes under the same key, later each time, and set aside
//! at last.

use std::time::Duration;

use adcp_seller::clock::ShiftedClock;
use adcp_seller::identity::Principal;
use adcp_seller::store::{Batch, Store as _};
use adcp_seller::tasks::TaskStatus;
use adcp_seller::webhooks::{self, Delivery, Event, Standing, Subscription, TaskEvent};
use chrono::TimeDelta;

use super::receiver::{Receiver, Reply};
use super::{FREE, Parts, config, post, tenant};

#[tokio::test]
async fn after_503_three_times_the_same_bytes_arrive() {
    let (post, buyer) = (post(&FREE).await, Receiver::well().await);
    buyer.then([503, 503, 503].map(Reply::Status));
    post.buy(&buyer.url("/")).await;
    for count in 1..=3 {
        buyer.once(count).await;
        post.delivery_once(|delivery| delivery.tries.len() == count)
            .await;
        post.later();
    }
    let received = buyer.once(4).await;
    post.all_delivered().await;
    let bodies: Vec<&[u8]> = received.iter().map(|told| told.body.as_slice()).collect();
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]));
    let signatures: Vec<_> = received
        .iter()
        .map(|told| told.header("signature"))
        .collect();
    assert!(
        signatures[0].is_some() && signatures[0] != signatures[1],
        "signed anew"
    );
}

/// The official runner answers 503 three times and waits ninety seconds.
#[tokio::test]
async fn in_real_time_the_fourth_attempt_comes_within_seconds() {
    let buyer = Receiver::well().await;
    buyer.then([503, 503, 503].map(Reply::Status));
    let parts = Parts::of(&FREE);
    let start = super::NOW.parse().expect("an instant");
    let post = parts.open_at(ShiftedClock::starting_at(start)).await;
    let began = std::time::Instant::now();
    post.buy(&buyer.url("/")).await;
    buyer.once(4).await;
    let took = began.elapsed();
    assert!(took < Duration::from_secs(15), "{took:?}");
    assert!(took > Duration::from_secs(4), "there are pauses: {took:?}");
}

#[tokio::test]
async fn a_receiver_s_wish_is_heard() {
    let (post, buyer) = (post(&FREE).await, Receiver::well().await);
    buyer.then([Reply::Saying(429, "retry-after", "90".to_owned())]);
    post.buy(&buyer.url("/")).await;
    let waiting = post.delivery_once(|delivery| delivery.attempts == 1).await;
    assert_eq!(waiting.due - waiting.tries[0].at, TimeDelta::seconds(90));
    assert_eq!(waiting.tries[0].status, Some(429));
    post.clock.advance(TimeDelta::seconds(91));
    buyer.once(2).await;
    post.all_delivered().await;
}

#[tokio::test]
async fn a_receiver_that_will_not_have_it_is_believed_the_third_time() {
    for status in [301, 409, 410] {
        let (post, buyer) = (
            post(&FREE).await,
            Receiver::answering(Reply::Status(status)).await,
        );
        post.buy(&buyer.url("/")).await;
        for count in 1..=2 {
            let waiting = post
                .delivery_once(|delivery| delivery.tries.len() == count)
                .await;
            assert_eq!(waiting.standing, Standing::Waiting);
            post.later();
        }
        let dead = post.dead().await;
        assert_eq!((dead.attempts, dead.refusals), (3, 3));
        let reason = dead.reason.expect("a reason");
        assert!(reason.contains(&status.to_string()), "{reason}");
        post.later();
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(buyer.received().len(), 3, "it is left alone");
    }
}

#[tokio::test]
async fn a_receiver_that_fails_again_and_again_is_left_alone_for_a_while() {
    let (post, buyer) = (
        post(&FREE).await,
        Receiver::answering(Reply::Status(500)).await,
    );
    let other = Receiver::well().await;
    for _ in 0..12 {
        post.buy(&buyer.url("/")).await;
    }
    // Every notification is tried anew in every round, until the receiver is left alone.
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(150)).await;
        post.clock.advance(TimeDelta::minutes(2));
    }
    tokio::time::sleep(Duration::from_millis(150)).await;
    let tried = buyer.received().len();
    assert!((5..=9).contains(&tried), "{tried} attempts");
    let put_off = post.deliveries().await;
    assert_eq!(put_off.len(), 12, "nothing is given up");
    assert!(put_off.iter().any(|delivery| delivery.attempts == 0));
    post.buy(&other.url("/")).await;
    other.once(1).await;
}

#[tokio::test]
async fn what_waits_for_a_receiver_that_is_left_alone_is_not_touched() {
    let (post, buyer) = (
        post(&FREE).await,
        Receiver::answering(Reply::Status(500)).await,
    );
    for _ in 0..5 {
        post.buy(&buyer.url("/")).await;
    }
    for _ in 0..100 {
        let deliveries = post.deliveries().await;
        if deliveries.iter().all(|delivery| delivery.attempts == 1) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for _ in 0..40 {
        post.buy(&buyer.url("/")).await;
    }
    let untried = |deliveries: &[Delivery]| -> Vec<TimeDelta> {
        let untried = deliveries.iter().filter(|delivery| delivery.attempts == 0);
        untried.map(|it| it.due - it.created_at).collect()
    };
    let put_off = |pauses: &[TimeDelta]| {
        let minute = TimeDelta::seconds(50)..TimeDelta::seconds(70);
        pauses.len() == 40 && pauses.iter().all(|pause| minute.contains(pause))
    };
    let mut before = post.deliveries().await;
    for _ in 0..100 {
        if put_off(&untried(&before)) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        before = post.deliveries().await;
    }
    assert!(put_off(&untried(&before)), "{:?}", untried(&before));
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(post.deliveries().await, before, "not even looked at");
    assert_eq!(buyer.received().len(), 5);
}

#[tokio::test]
async fn everybody_in_line_for_a_receiver_gets_there() {
    let (post, buyer) = (post(&FREE).await, Receiver::well().await);
    let receiver = Subscription::of_config(&config(&buyer.url("/"))).expect("a receiver");
    let mut batch = Batch::new();
    for number in 0..60 {
        let task = TaskEvent {
            task_id: format!("task_{number}"),
            tool: "create_media_buy".to_owned(),
            status: TaskStatus::Completed,
            message: None,
            result: None,
        };
        let event = Event::task(task, post.services().clock.now());
        let principal = Principal("first".to_owned());
        webhooks::enqueue(
            post.services(),
            &mut batch,
            &tenant(),
            &principal,
            &receiver,
            &event,
        )
        .expect("it is written");
    }
    post.store.commit(batch).await.expect("a commit");
    for _ in 0..400 {
        // Those that found no place in the line have a turn soon, and are looked for every second.
        post.clock.advance(TimeDelta::seconds(1));
        if post.deliveries().await.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(post.deliveries().await, []);
    assert_eq!(buyer.received().len(), 60, "nobody twice");
}

#[tokio::test]
async fn what_was_set_aside_goes_in_time() {
    let post = post(&FREE).await;
    post.buy("ftp://hooks.nova.example/").await;
    post.dead().await;
    post.clock.advance(TimeDelta::days(31));
    post.all_delivered().await;
}
