using StreamUsage.Delivery.Outbox;

namespace StreamUsage.DependencyInjection;

/// <summary>Represents the outbox of a tracker.</summary>
/// <param name="TrackerName">The tracker's name.</param>
/// <param name="Path">The outbox's file.</param>
/// <param name="Outbox">Opens the outbox.</param>
internal sealed record OutboxRegistration(string TrackerName, string Path, Func<IServiceProvider, IRecordOutbox> Outbox);
