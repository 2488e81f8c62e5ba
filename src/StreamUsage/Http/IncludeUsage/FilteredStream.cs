using System.Runtime.ExceptionServices;

namespace StreamUsage.Http.IncludeUsage;

/// <summary>Represents a streamed body without its usage chunk. A read returns as soon as a byte is decided.</summary>
internal sealed class FilteredStream(Stream inner, UsageChunkFilter filter) : ReadOnlyStream(inner)
{
    private const int MinRead = 4096;

    private byte[] _bytes = []; // From _start, bytes to pass on up to _decided, and undecided ones up to _end.
    private int _start, _decided, _end;
    private bool _hasEnded;
    private ExceptionDispatchInfo? _fault;

    private bool HasUndecided => _end > _decided;

    public override int Read(Span<byte> buffer)
    {
        int length;
        while (!TryTake(buffer, out length))
        {
            bool isOwn = HasUndecided && !buffer.IsEmpty;
            int read;
            try
            {
                read = isOwn ? Inner.Read(FreeBytes().Span) : Inner.Read(buffer);
            }
            catch (Exception fault) when (HasUndecided)
            {
                KeepFault(fault);
                continue;
            }

            if (Receive(buffer, read, isOwn, out length))
            {
                return length;
            }
        }

        return length;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int length;
        while (!TryTake(buffer.Span, out length))
        {
            bool isOwn = HasUndecided && !buffer.IsEmpty;
            int read;
            try
            {
                read = await Inner.ReadAsync(isOwn ? FreeBytes() : buffer, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception fault) when (HasUndecided && !cancellationToken.IsCancellationRequested)
            {
                KeepFault(fault);
                continue;
            }

            if (Receive(buffer.Span, read, isOwn, out length))
            {
                return length;
            }
        }

        return length;
    }

    private bool TryTake(Span<byte> buffer, out int length)
    {
        length = Math.Min(_decided - _start, buffer.Length);
        if (_decided > _start)
        {
            _bytes.AsSpan(_start, length).CopyTo(buffer);
            _start += length;
            return true;
        }

        _fault?.Throw();
        return _hasEnded;
    }

    // Returns whether the read is over: it has bytes, or none will follow.
    private bool Receive(Span<byte> buffer, int read, bool isOwn, out int length)
    {
        length = 0;
        if (buffer.IsEmpty)
        {
            return true; // It only waited.
        }

        if (read == 0)
        {
            _hasEnded = true;
            (_decided, _end) = filter.End() ? (_start, _start) : (_end, _end);
        }
        else if (isOwn)
        {
            (int kept, int undecided) = filter.Filter(_bytes.AsSpan(0, _end + read), _end);
            (_decided, _end) = (kept, kept + undecided);
        }
        else
        {
            (length, int undecided) = filter.Filter(buffer[..read], 0);
            Keep(buffer.Slice(length, undecided));
        }

        return length > 0;
    }

    private void Keep(ReadOnlySpan<byte> undecided)
    {
        if (_bytes.Length < undecided.Length)
        {
            _bytes = new byte[Math.Max(undecided.Length, MinRead)];
        }

        undecided.CopyTo(_bytes);
        (_start, _decided, _end) = (0, 0, undecided.Length);
    }

    // Called only if all decided bytes were taken. Bytes that follow undecided ones are read behind them.
    private Memory<byte> FreeBytes()
    {
        int undecided = _end - _decided;
        byte[] bytes = _bytes.Length - undecided < MinRead / 2 ? new byte[Math.Max(2 * undecided, MinRead)] : _bytes;
        _bytes.AsSpan(_decided, undecided).CopyTo(bytes);
        (_bytes, _start, _decided, _end) = (bytes, 0, 0, undecided);
        return _bytes.AsMemory(undecided);
    }

    // The caller gets what came before the fault first, as without a filter.
    private void KeepFault(Exception fault)
    {
        _fault = ExceptionDispatchInfo.Capture(fault);
        _decided = _end;
    }
}
