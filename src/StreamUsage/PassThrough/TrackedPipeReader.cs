using System.Buffers;
using System.IO.Pipelines;

namespace StreamUsage.PassThrough;

/// <summary>Represents the pipe reader that replaces a body's own. Bytes that the pipe returns again, because the
/// caller did not consume them, are read once.</summary>
/// <param name="inner">The body's own reader.</param>
/// <param name="guard">The guard that the body's wrappers share.</param>
/// <param name="leaveOpen">Whether the inner reader stays open.</param>
/// <param name="canDrain">Whether the body may be drained.</param>
internal sealed class TrackedPipeReader(PipeReader inner, BodyReadGuard guard, bool leaveOpen, bool canDrain) : PipeReader, IDrainable
{
    private readonly DetachablePipe? _detachable = canDrain ? new DetachablePipe(inner, guard.Body) : null;
    private SequencePosition _held; // The start of the buffer that the caller holds.
    private long _consumed; // The body offset of the first unconsumed byte.
    private long _consumedIndex; // The same position in the segments' own numbers, to measure AdvanceTo.
    private int _waitingReads;
    private bool _isHeld, _isCompleted;

    bool IDrainable.IsReading => _detachable is { IsReading: true };

    public override bool TryRead(out ReadResult result)
    {
        ThrowIfDetached();
        bool hasRead;
        try
        {
            // During a waiting read, the inner pipe refuses this one.
            hasRead = _detachable is { HasPending: true } && _waitingReads == 0
                ? _detachable.TryTakePending(out result)
                : inner.TryRead(out result);
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
        ReadsHere(destination)
            ? WatchAsync(base.CopyToAsync(destination, cancellationToken))
            : inner.CopyToAsync(destination, cancellationToken);

    public override Task CopyToAsync(PipeWriter destination, CancellationToken cancellationToken = default) =>
        ReadsHere(destination)
            ? WatchAsync(base.CopyToAsync(destination, cancellationToken))
            : inner.CopyToAsync(destination, cancellationToken);

    public override void AdvanceTo(SequencePosition consumed)
    {
        ThrowIfDetached();
        long index = IndexOf(consumed);
        inner.AdvanceTo(consumed);
        ReturnBuffer(consumed, index);
    }

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        ThrowIfDetached();
        long index = IndexOf(consumed);
        inner.AdvanceTo(consumed, examined);
        ReturnBuffer(consumed, index);
    }

    public override void CancelPendingRead()
    {
        if (_detachable is null)
        {
            inner.CancelPendingRead();
        }
        else
        {
            _detachable.CancelPendingRead();
        }
    }

    [Obsolete("OnWriterCompleted has been deprecated and may not be invoked on all implementations of PipeReader.")]
    public override void OnWriterCompleted(Action<Exception?, object?> callback, object? state) => inner.OnWriterCompleted(callback, state);

    public override void Complete(Exception? exception = null)
    {
        _isCompleted = !leaveOpen;
        if (guard.Leave() || leaveOpen)
        {
            return;
        }

        if (_detachable is { HasPending: true })
        {
            _ = _detachable.CompleteAsync(exception);
        }
        else
        {
            inner.Complete(exception);
        }
    }

    public override ValueTask CompleteAsync(Exception? exception = null)
    {
        _isCompleted = !leaveOpen;
        return guard.Leave() || leaveOpen ? ValueTask.CompletedTask
            : _detachable is { HasPending: true } ? new ValueTask(_detachable.CompleteAsync(exception))
            : inner.CompleteAsync(exception);
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

    bool IDrainable.TryDetach(Func<bool> beginDrain)
    {
        if (!beginDrain())
        {
            return false;
        }

        _detachable!.Detach(_isHeld ? _held : null);
        return true;
    }

    ValueTask<long?> IDrainable.DrainAsync(long maxBytes, CancellationToken cancellationToken) =>
        _detachable!.DrainAsync(_consumed, maxBytes, cancellationToken);

    void IDrainable.Abort() => _detachable!.Abort();

    ValueTask IDrainable.CloseAsync() => new(_detachable!.CompleteAsync(null));

    private ValueTask<ReadResult> Read(int minimumSize, CancellationToken cancellationToken)
    {
        ThrowIfDetached();
        try
        {
            // A token canceled before the call harms no connection, and a concurrent read is refused: the inner pipe
            // reports both.
            if (_detachable is not null && _waitingReads == 0 && (_detachable.HasPending || !cancellationToken.IsCancellationRequested))
            {
                return ReadDetachably(_detachable, minimumSize, cancellationToken);
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

    private ValueTask<ReadResult> ReadDetachably(DetachablePipe pipe, int minimumSize, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            guard.Body.CancelRead();
            return ValueTask.FromCanceled<ReadResult>(cancellationToken);
        }

        ValueTask<ReadResult> read = pipe.ReadAsync(minimumSize, cancellationToken);
        if (!read.IsCompletedSuccessfully)
        {
            Interlocked.Increment(ref _waitingReads);
            return AwaitAsync(read, cancellationToken);
        }

        ReadResult result = read.Result;
        Receive(result);
        return new ValueTask<ReadResult>(result);
    }

    private async ValueTask<ReadResult> AwaitAsync(ValueTask<ReadResult> read, CancellationToken cancellationToken)
    {
        ReadResult result;
        try
        {
            result = await read.ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            EndRead(fault, cancellationToken);
            throw;
        }

        EndRead(result);
        return result;
    }

    // For a null destination or a completed reader, the inner pipe throws its own exception. A copy of a detached
    // reader fails here, in its first read.
    private bool ReadsHere(object? destination) => destination is not null && (!_isCompleted || _detachable is { IsDetached: true });

    // A copy ends at the end of the data, with a failed read (handled there), with a refused read (which ends nothing),
    // or because its destination failed.
    private async Task WatchAsync(Task copying)
    {
        try
        {
            await copying.ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is not OperationCanceledException && !IsRefusal(fault))
        {
            guard.LeaveOrAbort();
            throw;
        }
    }

    // A read that the pipe refuses ends nothing.
    private void Fail(Exception fault, CancellationToken cancellationToken)
    {
        if (!IsRefusal(fault))
        {
            guard.Fail(fault, cancellationToken);
        }
    }

    // A pipe refuses a read because of a pending one, or of a buffer that was not returned.
    private bool IsRefusal(Exception fault) =>
        fault is InvalidOperationException and not ObjectDisposedException
        && (_isHeld || _isCompleted || Volatile.Read(ref _waitingReads) != 0);

    private void ThrowIfDetached() => _detachable?.ThrowIfDetached();

    // Called before the pipe may reuse the segment. The pipe validates the position itself.
    private static long IndexOf(SequencePosition position) =>
        position.GetInteger() + (position.GetObject() is ReadOnlySequenceSegment<byte> segment ? segment.RunningIndex : 0);

    private void ReturnBuffer(SequencePosition consumed, long index)
    {
        if (consumed.GetObject() is not null)
        {
            _consumed += Math.Max(0, index - _consumedIndex);
            _consumedIndex = index;
        }

        _isHeld = false;
    }

    private void Receive(in ReadResult result)
    {
        _held = result.Buffer.Start;
        _consumedIndex = IndexOf(_held);
        _isHeld = true;
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
