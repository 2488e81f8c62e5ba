using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using StreamUsage.Recording;

namespace StreamUsage.PassThrough;

/// <summary>Reads a body's stream for callers who may abandon their wait. An abandoned read continues into a buffer
/// here, and the next read or the drainer takes its bytes. Thread-safe.</summary>
/// <remarks>The tracked body gets bytes under the lock, or during a direct read, which prevents detaching. So no byte
/// is lost between the reader and the drainer. The lock is the object itself: one object less for each open
/// stream.</remarks>
/// <param name="inner">The body's own stream.</param>
/// <param name="body">The tracked body.</param>
/// <param name="offset">The body offset of the stream's next byte.</param>
[SuppressMessage("Reliability", "CA1001", Justification = "The source has neither a timer nor a wait handle.")]
internal sealed class UpstreamReads(Stream inner, TrackedBody body, long offset)
{
    private const int BufferSize = 16 * 1024;

    private long _offset = offset; // The body offset of the next byte that no caller has.
    private byte[]? _buffer;
    private int _start, _end; // The unread part of the buffer.
    private Task<int>? _pending;
    private CancellationTokenSource? _abort;
    private int _directReads;
    private bool _isZeroByteRead; // The pending read is a zero-byte read, which only waits for data.
    private volatile bool _isDetached;

    /// <summary>Gets whether the drainer has taken the stream.</summary>
    public bool IsDetached => _isDetached;

    /// <inheritdoc cref="IDrainable.IsReading"/>
    public bool IsReading
    {
        get
        {
            lock (this)
            {
                return _pending is { IsCompleted: false };
            }
        }
    }

    /// <summary>Sets the body offset after a seek.</summary>
    public void MoveTo(long offset) => _offset = offset;

    /// <inheritdoc cref="IDrainable.TryDetach"/>
    public bool TryDetach(Func<bool> beginDrain)
    {
        lock (this)
        {
            if (_directReads != 0 || _isDetached || !beginDrain())
            {
                return false;
            }

            _isDetached = true;
            return true;
        }
    }

    /// <inheritdoc cref="IDrainable.DrainAsync"/>
    public async ValueTask<long?> DrainAsync(long maxBytes, CancellationToken cancellationToken)
    {
        long end = _offset + maxBytes;
        while (_offset < end)
        {
            if (await FillAsync(BufferSize, cancellationToken).ConfigureAwait(false))
            {
                return _offset;
            }

            PassToBody(_buffer.AsSpan(_start, _end - _start));
            _start = _end;
            if (body.IsTerminal)
            {
                return _offset;
            }
        }

        return null;
    }

    /// <summary>Cancels a pending read. Closing an HTTP/1.1 response during a read would let two readers use its
    /// connection. A connection's read ends within this call.</summary>
    public void Abort()
    {
        CancellationTokenSource? abort;
        lock (this)
        {
            abort = _pending is { IsCompleted: false } ? _abort : null;
        }

        abort?.Cancel();
    }

    /// <summary>Returns the buffer to the pool, unless a pending read may still write into it.</summary>
    public void ReleaseBuffer()
    {
        lock (this)
        {
            ReturnBuffer();
        }
    }

    /// <summary>Begins a read that the caller makes itself, from the stream into its own buffer. Returns false if an
    /// abandoned read is pending, or has left bytes.</summary>
    public bool TryBeginDirectRead()
    {
        lock (this)
        {
            ObjectDisposedException.ThrowIf(_isDetached, this);
            if (_pending is not null || _start != _end)
            {
                return false;
            }

            _directReads++;
            return true;
        }
    }

    public void EndDirectRead()
    {
        lock (this)
        {
            _directReads--;
        }
    }

    /// <summary>Passes bytes to the tracked body. The wrapper above passes the same bytes at the same offset, which the
    /// body then ignores.</summary>
    public void PassToBody(ReadOnlySpan<byte> bytes)
    {
        body.Receive(_offset, bytes);
        _offset += bytes.Length;
    }

    /// <summary>Reads through the buffer. The token cancels only the wait.</summary>
    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        lock (this)
        {
            if (_start == _end)
            {
                _ = _pending ??= BeginRead(buffer.Length); // Here, so that this caller gets a synchronous exception.
            }
        }

        return TakeAsync(buffer, cancellationToken);
    }

    /// <summary>Reads what an abandoned read left. Blocks on a pending read, as a synchronous read does.</summary>
    public int ReadLeftOver(Span<byte> buffer)
    {
        while (true)
        {
            if (FillAsync(buffer.Length, CancellationToken.None).AsTask().GetAwaiter().GetResult() || buffer.IsEmpty)
            {
                return 0;
            }

            if (Take(buffer) is not 0 and var length)
            {
                return length;
            }
        }
    }

    // Concurrent reads take turns, so 0 always means the end of the body.
    private async ValueTask<int> TakeAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await FillAsync(buffer.Length, cancellationToken).ConfigureAwait(false) || buffer.IsEmpty)
            {
                return 0;
            }

            if (Take(buffer.Span) is not 0 and var length)
            {
                return length;
            }
        }
    }

    private int Take(Span<byte> buffer)
    {
        lock (this)
        {
            ObjectDisposedException.ThrowIf(_isDetached, this);
            int length = Math.Min(buffer.Length, _end - _start);
            _buffer.AsSpan(_start, length).CopyTo(buffer);
            PassToBody(buffer[..length]);
            _start += length;
            if (_start == _end)
            {
                ReturnBuffer();
            }

            return length;
        }
    }

    // Waits until the buffer has bytes. Only one read is ever pending, because a caller takes over an abandoned one.
    // Returns true at the end of the body.
    private async ValueTask<bool> FillAsync(int length, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task<int> pending;
            bool isZeroByteRead;
            lock (this)
            {
                if (_start != _end)
                {
                    return false; // An earlier read has left bytes.
                }

                pending = _pending ??= BeginRead(length);
                isZeroByteRead = _isZeroByteRead;
            }

            int read;
            try
            {
                read = await pending.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                AbandonedTask.Observe(pending); // The caller may not come back.

                // If the read succeeded although its wait was canceled, the next read gets the bytes.
                if (pending.IsFaulted || pending.IsCanceled)
                {
                    lock (this)
                    {
                        _pending = ReferenceEquals(_pending, pending) ? null : _pending;
                    }
                }

                throw;
            }

            lock (this)
            {
                if (!ReferenceEquals(_pending, pending))
                {
                    return false; // Another reader took it.
                }

                _pending = null;
                _start = 0;
                _end = isZeroByteRead ? 0 : read;
            }

            if (!isZeroByteRead || length == 0)
            {
                return !isZeroByteRead && read == 0;
            }
        }
    }

    private Task<int> BeginRead(int length)
    {
        _abort ??= new CancellationTokenSource();
        _isZeroByteRead = length == 0;
        if (_isZeroByteRead)
        {
            return inner.ReadAsync(Memory<byte>.Empty, _abort.Token).AsTask();
        }

        _buffer ??= ArrayPool<byte>.Shared.Rent(BufferSize);
        return inner.ReadAsync(_buffer.AsMemory(0, Math.Min(length, _buffer.Length)), _abort.Token).AsTask();
    }

    private void ReturnBuffer()
    {
        if (_pending is null && _buffer is { } buffer)
        {
            _buffer = null;
            _start = _end = 0;
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
