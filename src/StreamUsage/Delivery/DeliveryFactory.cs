using System.Diagnostics.Metrics;
using StreamUsage.Diagnostics;

namespace StreamUsage.Delivery;

/// <summary>Puts the way of records together from the options.</summary>
internal static class DeliveryFactory
{
    // While a queue waits for one record, it should not be for long: what is refused that often is refused for good.
    private const int AttemptsOneByOne = 3;

    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(30), MaxPauseInQueue = TimeSpan.FromSeconds(1);

    public static IRecordDelivery Make(IReadOnlyList<IUsageSink> sinks, string trackerName, StreamUsageOptions options, Watchdog watchdog, UsageReporter reporter, SteadyTime time, IMeterFactory? meterFactory)
    {
        Destination[] destinations = [.. sinks.Zip(SinkNames.Of(sinks, trackerName), static (sink, name) => new Destination(sink, name))];
        var undelivered = new UndeliveredRecords(options.OnDeliveryFailed, watchdog, reporter, time);
        var direct = new InlineDelivery(destinations, watchdog, Retries(options.MaxDeliveryAttempts, MaxPause), undelivered, reporter, time);
        if (options.Background is null)
        {
            return direct;
        }

        RetryPlan batchRetries = Retries(options.MaxDeliveryAttempts, MaxPauseInQueue);
        RetryPlan recordRetries = Retries(AttemptsOneByOne * options.MaxDeliveryAttempts, MaxPauseInQueue);
        var stop = new DeliveryStop();
        BackgroundDeliveryOptions background = options.Background.Copy();
        return new BackgroundDelivery(
            background,
            direct,
            undelivered,
            destination => new BatchDelivery(destination, background.MaxBatchSize, watchdog, batchRetries, recordRetries, undelivered, reporter, time, stop),
            stop,
            time,
            meterFactory);

        RetryPlan Retries(int attempts, TimeSpan maxPause) => new(attempts, options.RetryDelay, options.RetryDelay > maxPause ? options.RetryDelay : maxPause, time);
    }
}
