using System.Threading.Channels;

namespace StreamUsage.Delivery;

/// <summary>Takes records out of a queue, as many as a sink takes at once, and sees them to it.</summary>
internal sealed class QueueReader(Destination destination, ChannelReader<QueuedRecord> queue, BackgroundDeliveryOptions options, BatchDelivery delivery, UndeliveredRecords undelivered, DeliveryStop stop, TimeProvider time)
{
    /// <summary>What is on its way.</summary>
    public RecordBatch Batch { get; } = new();

    /// <summary>Reads until the queue was closed and is empty.</summary>
    public async Task RunAsync()
    {
        while (await queue.WaitToReadAsync().ConfigureAwait(false))
        {
            await FillAsync().ConfigureAwait(false);
            await delivery.DeliverAsync(Batch, queue).ConfigureAwait(false);
            if (Batch.Count != 0)
            {
                await LeaveAsync().ConfigureAwait(false); // The time for delivering has passed.
            }
        }
    }

    private async ValueTask LeaveAsync()
    {
        Take(int.MaxValue);
        UsageRecord[] left = Batch.ToRecords(int.MaxValue);
        Batch.Remove(0, Batch.Count);
        await undelivered.TakeAllAsync(left, destination, stop.Ending).ConfigureAwait(false);
    }

    private async ValueTask FillAsync()
    {
        int limit = destination.Shape.TakesBatches ? options.MaxBatchSize : 1;
        if (Take(limit) == limit || stop.IsStopping)
        {
            return;
        }

        Task age = Task.Delay(options.MaxBatchDelay, time, stop.Stopping);
        do
        {
            Task<bool> more = queue.WaitToReadAsync().AsTask();
            if (await Task.WhenAny(more, age).ConfigureAwait(false) != more || !await more.ConfigureAwait(false))
            {
                return;
            }
        }
        while (Take(limit) < limit);
    }

    private int Take(int limit)
    {
        while (Batch.Count < limit && queue.TryRead(out QueuedRecord queued))
        {
            Batch.Add(queued);
        }

        return Batch.Count;
    }
}
