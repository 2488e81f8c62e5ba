using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using StreamUsage.Recording;

namespace StreamUsage.PassThrough;

/// <summary>Reads a body's pipe with draining on. The caller's token cancels only the caller's wait, as in
/// <see cref="DetachableStream"/>: the pipe's read continues, and the next read or the drainer takes its
/// result.</summary>
/// <remarks>Not thread-safe, as a pipe reader is not.</remarks>
[SuppressMessage("Reliability", "CA1001", Justification = "The source has neither a timer nor a wait handle.")]
internal sealed class DetachablePipe(PipeReader inner, TrackedBody body)
{
    private Task<ReadResult>? _pending; // The caller may have abandoned it.
    private CancellationTokenSource? _abort;
    private SequencePosition? _held;
    private volatile bool _isDetached; // Any thread may cancel a pending read.

    public bool IsReading => _pending is { IsCompleted: false };

    public bool HasPending => _pending is not null;

    /// <summary>Gets whether the drainer has taken the pipe.</summary>
    public bool IsDetached => _isDetached;

    /// <summary>Takes the result of an abandoned read. Returns false if it is still running.</summary>
    public bool TryTakePending(out ReadResult result)
    {
        Task<ReadResult> pending = _pending!;
        if (!pending.IsCompleted)
        {
            result = default;
            return false;
        }

        _pending = null;
        result = pending.GetAwaiter().GetResult();
        return true;
    }

    public ValueTask<ReadResult> ReadAsync(int minimumSize, CancellationToken cancellationToken)
    {
        _pending ??= BeginRead();
        if (_pending.IsCompletedSuccessfully && IsEnough(_pending.Result, minimumSize))
        {
            ReadResult result = _pending.Result;
            _pending = null;
            return new ValueTask<ReadResult>(result);
        }

        return WaitAsync(minimumSize, cancellationToken);
    }

    /// <summary>Takes the pipe from its reader. Unconsumed bytes that the reader holds are read again.</summary>
    /// <param name="held">The start of the buffer that the reader has not returned; null if none.</param>
    public void Detach(SequencePosition? held)
    {
        _isDetached = true;
        _held = held;
    }

    /// <inheritdoc cref="IDrainable.DrainAsync"/>
    public async ValueTask<long?> DrainAsync(long offset, long maxBytes, CancellationToken cancellationToken)
    {
        if (_held is { } held)
        {
            inner.AdvanceTo(held); // Not in Detach: a pipe that its owner has completed throws here.
        }

        bool wasCanceled = false;
        for (long end = offset + maxBytes; offset < end;)
        {
            ReadResult result = await (_pending ??= BeginRead()).WaitAsync(cancellationToken).ConfigureAwait(false);
            _pending = null;
            foreach (ReadOnlyMemory<byte> piece in result.Buffer)
            {
                body.Receive(offset, piece.Span);
                offset += piece.Length;
            }

            inner.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted || body.IsTerminal)
            {
                return offset;
            }

            // The reader's last CancelPendingRead may end one read here. A pipe that cancels again is not read on.
            if (result.IsCanceled && wasCanceled)
            {
                return null;
            }

            wasCanceled = result.IsCanceled;
        }

        return null;
    }

    /// <summary>Cancels the caller's pending read. The drainer's reads are not the caller's.</summary>
    public void CancelPendingRead()
    {
        if (!_isDetached)
        {
            inner.CancelPendingRead();
        }
    }

    public void Abort() => _abort?.Cancel();

    /// <summary>Completes the pipe after its pending read: completing returns buffers that the read may still write
    /// into.</summary>
    public async Task CompleteAsync(Exception? exception)
    {
        if (_pending is { } pending)
        {
            await _abort!.CancelAsync().ConfigureAwait(false);
            await ((Task)pending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await inner.CompleteAsync(exception).ConfigureAwait(false);
    }

    public void ThrowIfDetached()
    {
        if (IsDetached)
        {
            throw new InvalidOperationException("Reading is not allowed after reader was completed.");
        }
    }

    // Waits for the minimum here, because the caller that takes over an abandoned read may want fewer bytes.
    private async ValueTask<ReadResult> WaitAsync(int minimumSize, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task<ReadResult> pending = _pending ??= BeginRead();
            ReadResult result;
            try
            {
                result = await pending.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                AbandonedTask.Observe(pending); // The caller may not come back.
                if (pending.IsFaulted || pending.IsCanceled)
                {
                    _pending = null;
                }

                throw;
            }

            ThrowIfDetached(); // The drainer takes the result.
            _pending = null;
            if (IsEnough(result, minimumSize))
            {
                return result;
            }

            inner.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private Task<ReadResult> BeginRead() => inner.ReadAsync((_abort ??= new CancellationTokenSource()).Token).AsTask();

    private static bool IsEnough(in ReadResult result, int minimumSize) =>
        result.Buffer.Length >= minimumSize || result.IsCompleted || result.IsCanceled;
}
