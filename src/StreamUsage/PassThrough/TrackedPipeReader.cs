using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;

namespace StreamUsage.PassThrough;

/// <summary>Represents the pipe reader that replaces a body's own. Bytes that the pipe shows repeatedly are read once.
/// With draining on, the caller's token cancels only the caller's wait, as in <see cref="DetachableStream"/>.</summary>
[SuppressMessage("Reliability", "CA1001", Justification = "The drainer closes the rest.")]
internal sealed class TrackedPipeReader(PipeReader inner, AbandonmentGuard guard, bool leaveOpen) : PipeReader, IDrainable
{
    private SequencePosition _shown; // The start of the buffer that the caller holds.
    private long _consumed; // The pipe's offset in the body, and its index in the segments.
    private long _consumedIndex;
    private DetachableStream? _rest;
    private Task<ReadResult>? _pending; // The caller may have abandoned it.
    private CancellationTokenSource? _abort;
    private int _waitingReads;
    private bool _isShown, _isDetached, _isCompleted;

    bool IDrainable.IsReading => _pending is { IsCompleted: false };

    public override bool TryRead(out ReadResult result)
    {
        ThrowIfDetached();
        bool hasRead;
        try
        {
            hasRead = _pending is null || _waitingReads != 0 ? inner.TryRead(out result) : TryTakePending(out result);
        }
        catch (Exception fault)
        {
            Fail(fault, CancellationToken.None);
            throw;
        }

        if (hasRead)
        {
            Receive(result);
        }

        return hasRead;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => Read(0, cancellationToken);

    protected override ValueTask<ReadResult> ReadAtLeastAsyncCore(int minimumSize, CancellationToken cancellationToken) =>
        Read(minimumSize, cancellationToken);

    public override Task CopyToAsync(Stream destination, CancellationToken cancellationToken = default) =>
        MayCopy(destination)
            ? WatchAsync(base.CopyToAsync(destination, cancellationToken))
            : inner.CopyToAsync(destination, cancellationToken);

    public override Task CopyToAsync(PipeWriter destination, CancellationToken cancellationToken = default) =>
        MayCopy(destination)
            ? WatchAsync(base.CopyToAsync(destination, cancellationToken))
            : inner.CopyToAsync(destination, cancellationToken);

    public override void AdvanceTo(SequencePosition consumed)
    {
        ThrowIfDetached();
        long index = IndexOf(consumed);
        inner.AdvanceTo(consumed);
        EndShowing(consumed, index);
    }

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        ThrowIfDetached();
        long index = IndexOf(consumed);
        inner.AdvanceTo(consumed, examined);
        EndShowing(consumed, index);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    [Obsolete("OnWriterCompleted has been deprecated and may not be invoked on all implementations of PipeReader.")]
    public override void OnWriterCompleted(Action<Exception?, object?> callback, object? state) => inner.OnWriterCompleted(callback, state);

    public override void Complete(Exception? exception = null)
    {
        _isCompleted = !leaveOpen;
        if (!guard.Leave() && !leaveOpen)
        {
            if (_pending is null)
            {
                inner.Complete(exception);
            }
            else
            {
                _ = CompleteAfterPendingAsync(exception);
            }
        }
    }

    public override ValueTask CompleteAsync(Exception? exception = null)
    {
        _isCompleted = !leaveOpen;
        return guard.Leave() || leaveOpen ? ValueTask.CompletedTask
            : _pending is null ? inner.CompleteAsync(exception)
            : new ValueTask(CompleteAfterPendingAsync(exception));
    }

    public void EndRead(in ReadResult result)
    {
        Interlocked.Decrement(ref _waitingReads);
        Receive(result);
    }

    public void EndRead(Exception fault, CancellationToken cancellationToken)
    {
        Interlocked.Decrement(ref _waitingReads);
        Fail(fault, cancellationToken);
    }

    // Bytes that the reader did not consume are shown again.
    bool IDrainable.TryDetach(Func<bool> beginDrain)
    {
        if (!beginDrain())
        {
            return false;
        }

        _isDetached = true;
        if (_isShown)
        {
            inner.AdvanceTo(_shown);
        }

        return true;
    }

    async ValueTask<long?> IDrainable.DrainAsync(long maxBytes, CancellationToken cancellationToken)
    {
        if (_pending is { } pending)
        {
            ReadResult result = await pending.WaitAsync(cancellationToken).ConfigureAwait(false);
            _pending = null;
            inner.AdvanceTo(result.Buffer.Start);
        }

        _rest = new DetachableStream(inner.AsStream(), guard.Body, _consumed);
        return await _rest.DrainAsync(maxBytes, cancellationToken).ConfigureAwait(false);
    }

    void IDrainable.Abort() => _abort?.Cancel();

    ValueTask IDrainable.CloseAsync() => _rest?.CloseAsync() ?? new ValueTask(CompleteAfterPendingAsync(null));

    private ValueTask<ReadResult> Read(int minimumSize, CancellationToken cancellationToken)
    {
        ThrowIfDetached();
        try
        {
            // A token cancelled before the call harms no connection, and a concurrent read is refused: the inner pipe
            // reports both.
            if (guard.Rest is not null && _waitingReads == 0 && (_pending is not null || !cancellationToken.IsCancellationRequested))
            {
                return ReadDetachably(minimumSize, cancellationToken);
            }

            // A broken pipe throws here.
            ValueTask<ReadResult> read = minimumSize == 0
                ? inner.ReadAsync(cancellationToken)
                : inner.ReadAtLeastAsync(minimumSize, cancellationToken);
            if (!read.IsCompletedSuccessfully)
            {
                Interlocked.Increment(ref _waitingReads);
                return new ValueTask<ReadResult>(new PipeRead(this, read, cancellationToken), 0);
            }

            ReadResult result = read.Result;
            Receive(result);
            return new ValueTask<ReadResult>(result);
        }
        catch (Exception fault) when (fault is not EmptyStreamException)
        {
            Fail(fault, cancellationToken);
            throw;
        }
    }

    private ValueTask<ReadResult> ReadDetachably(int minimumSize, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            guard.Body.CancelRead();
            return ValueTask.FromCanceled<ReadResult>(cancellationToken);
        }

        _pending ??= BeginUpstreamRead();
        if (_pending.IsCompletedSuccessfully && IsEnough(_pending.Result, minimumSize))
        {
            ReadResult result = _pending.Result;
            _pending = null;
            Receive(result);
            return new ValueTask<ReadResult>(result);
        }

        return AwaitDetachablyAsync(minimumSize, cancellationToken);
    }

    private async ValueTask<ReadResult> AwaitDetachablyAsync(int minimumSize, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _waitingReads);
        ReadResult result;
        try
        {
            result = await WaitForAsync(minimumSize, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            EndRead(fault, cancellationToken);
            throw;
        }

        EndRead(result);
        return result;
    }

    // Waits for the minimum here, because the caller that takes over an abandoned read may want fewer bytes.
    private async ValueTask<ReadResult> WaitForAsync(int minimumSize, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task<ReadResult> pending = _pending ??= BeginUpstreamRead();
            ReadResult result;
            try
            {
                result = await pending.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch when (pending.IsFaulted || pending.IsCanceled)
            {
                _pending = null;
                throw;
            }

            ThrowIfDetached(); // The drainer owns it.
            _pending = null;
            if (IsEnough(result, minimumSize))
            {
                return result;
            }

            inner.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private Task<ReadResult> BeginUpstreamRead() => inner.ReadAsync((_abort ??= new CancellationTokenSource()).Token).AsTask();

    private static bool IsEnough(in ReadResult result, int minimumSize) =>
        result.Buffer.Length >= minimumSize || result.IsCompleted || result.IsCanceled;

    private bool TryTakePending(out ReadResult result)
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

    // Completing the pipe returns its buffers, so a read that may write into them must end first.
    private async Task CompleteAfterPendingAsync(Exception? exception)
    {
        if (_pending is { } pending)
        {
            await _abort!.CancelAsync().ConfigureAwait(false);
            await ((Task)pending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await inner.CompleteAsync(exception).ConfigureAwait(false);
    }

    // Otherwise the inner pipe throws.
    private bool MayCopy(object? destination) => destination is not null && (!_isCompleted || _isDetached);

    // A copy ends with the data, with a failed read, which was handled, or with its destination.
    private async Task WatchAsync(Task copying)
    {
        try
        {
            await copying.ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            guard.LeaveOrAbort();
            throw;
        }
    }

    // A read that the pipe refuses, because of a pending read or an unreturned buffer, ends nothing.
    private void Fail(Exception fault, CancellationToken cancellationToken)
    {
        bool mayRefuse = _isShown || _isCompleted || Volatile.Read(ref _waitingReads) != 0;
        if (!mayRefuse || fault is not InvalidOperationException || fault is ObjectDisposedException)
        {
            guard.Fail(fault, cancellationToken);
        }
    }

    private void ThrowIfDetached()
    {
        if (_isDetached)
        {
            throw new InvalidOperationException("Reading is not allowed after reader was completed.");
        }
    }

    // Called before the pipe may reuse the segment. The pipe validates the position itself.
    private static long IndexOf(SequencePosition position) =>
        position.GetInteger() + (position.GetObject() is ReadOnlySequenceSegment<byte> segment ? segment.RunningIndex : 0);

    private void EndShowing(SequencePosition consumed, long index)
    {
        if (consumed.GetObject() is not null)
        {
            _consumed += Math.Max(0, index - _consumedIndex);
            _consumedIndex = index;
        }

        _isShown = false;
    }

    private void Receive(in ReadResult result)
    {
        _shown = result.Buffer.Start;
        _consumedIndex = IndexOf(_shown);
        _isShown = true;
        long offset = _consumed;
        bool isCounted = false;
        foreach (ReadOnlyMemory<byte> piece in result.Buffer)
        {
            isCounted |= guard.Body.Receive(offset, piece.Span, isNewRead: !isCounted);
            offset += piece.Length;
        }

        if (result.IsCompleted && !result.IsCanceled)
        {
            guard.ReachEnd();
        }
    }
}
