namespace StreamUsage.PassThrough;

/// <summary>Reads bodies on in the background after their readers have left, within limits, so that the provider's own final usage is recorded.</summary>
internal sealed class BodyDrainer(DrainLimits limits, TimeProvider time) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private int _running;

    /// <summary>The reader of a body has left. True where the body is now read on: its end, and its record, are then this drainer's.</summary>
    public bool TryTake(TrackedBody body, IDrainable rest)
    {
        if (_stop.IsCancellationRequested || Interlocked.Increment(ref _running) > limits.MaxConcurrent)
        {
            Interlocked.Decrement(ref _running);
            return false;
        }

        if (!rest.TryDetach(body.TryBeginDrain))
        {
            Interlocked.Decrement(ref _running);
            return false;
        }

        ThreadPool.UnsafeQueueUserWorkItem(static state => _ = state.Drainer.DrainAsync(state.Body, state.Source), (Drainer: this, Body: body, Source: rest), preferLocal: false);
        return true;
    }

    /// <summary>Ends what is under way: each body's record is made of what was read.</summary>
    public void Dispose() => _stop.Cancel();

    private async Task DrainAsync(TrackedBody body, IDrainable rest)
    {
        long? end = null;
        DetachableStream? stream = null;
        try
        {
            using var timeout = new CancellationTokenSource(limits.MaxTime, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stop.Token);
            (stream, long offset) = await rest.OpenRestAsync(either.Token).ConfigureAwait(false);
            end = await ReadAsync(body, stream, offset, either.Token).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // Nobody reads any more: what was read until the body broke or a limit passed counts, and the record says that it was not read to its end.
        }

        body.EndDrain(end);
        await CloseAsync(stream, rest).ConfigureAwait(false);
        Interlocked.Decrement(ref _running);
    }

    private static async Task CloseAsync(DetachableStream? stream, IDrainable rest)
    {
        try
        {
            if (stream is not null)
            {
                await stream.CloseRestAsync().ConfigureAwait(false);
            }

            await rest.CloseAsync().ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The body is let go either way.
        }
    }

    // Where the body, or the answer in it, ended; null where it was not read so far.
    private async Task<long?> ReadAsync(TrackedBody body, DetachableStream stream, long offset, CancellationToken cancellationToken)
    {
        long end = offset + limits.MaxBytes;
        while (offset < end)
        {
            ReadOnlyMemory<byte> piece = await stream.ReadRestAsync(cancellationToken).ConfigureAwait(false);
            if (piece.IsEmpty)
            {
                return offset;
            }

            body.Receive(offset, piece.Span);
            offset += piece.Length;
            if (body.IsTerminal)
            {
                return offset;
            }
        }

        return null;
    }
}
