namespace StreamUsage.Delivery;

/// <summary>The way of a record that was made to its sinks: at once, or through a queue.</summary>
internal interface IRecordDelivery
{
    Destination[] Destinations { get; }

    /// <summary>Whether records are to be handed over in the order in which their responses ended.</summary>
    bool KeepsOrder { get; }

    /// <summary>Hands a record over. Never throws: what a sink does not get is reported.</summary>
    /// <param name="record">The record.</param>
    /// <param name="starts">The calls that told the sinks of its beginning.</param>
    /// <returns>How it ended; where there are several sinks, the worst of them.</returns>
    ValueTask<DeliveryResult> DeliverAsync(UsageRecord record, StartNotifications starts);

    /// <summary>No more records come: hands over what waits, as far as the time for it allows.</summary>
    Task StopAsync(CancellationToken cancellationToken);
}
