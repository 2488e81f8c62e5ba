using System.Net;
using StreamUsage.Recording;

namespace StreamUsage.PassThrough;

/// <summary>Represents the content that replaces a response's content. It has the same headers and bytes, and reads the
/// bytes as they pass. The inner content decides whether it can be read again.</summary>
internal sealed class TrackedContent : HttpContent, IDrainable
{
    private readonly HttpContent _inner;
    private readonly AbandonmentGuard _guard;
    private IDrainable? _rest; // The stream or copy in use; null if none.
    private bool _wasAsked, _cannotSeek;

    public TrackedContent(HttpContent inner, TrackedBody body, UsageTracking tracking, BodyDrainer? drainer)
    {
        _inner = inner;
        _guard = new AbandonmentGuard(body, drainer);
        Tracking = tracking;
        _guard.Rest = drainer is null ? null : this;
        foreach ((string name, System.Net.Http.Headers.HeaderStringValues values) in inner.Headers.NonValidated)
        {
            if (values.Count == 1)
            {
                Headers.TryAddWithoutValidation(name, values.ToString()); // Avoids an enumerator.
            }
            else
            {
                Headers.TryAddWithoutValidation(name, values);
            }
        }
    }

    public UsageTracking Tracking { get; }

    public HttpContent Inner => _inner;

    bool IDrainable.IsReading => _rest is { IsReading: true };

    // An unseekable stream continues where it was left.
    private long StreamPosition => _cannotSeek ? _guard.Body.BytesReceived : 0;

    protected override bool TryComputeLength(out long length)
    {
        length = _inner.Headers.ContentLength ?? 0;
        return _inner.Headers.ContentLength is not null;
    }

    protected override Stream CreateContentReadStream(CancellationToken cancellationToken)
    {
        bool isFirst = Ask();
        try
        {
            return Track(_inner.ReadAsStream(cancellationToken));
        }
        catch (Exception fault)
        {
            Fail(fault, isFirst, cancellationToken);
            throw;
        }
    }

    protected override Task<Stream> CreateContentReadStreamAsync() => CreateContentReadStreamAsync(CancellationToken.None);

    protected override Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken)
    {
        bool isFirst = Ask();
        Task<Stream> opening;
        try
        {
            opening = _inner.ReadAsStreamAsync(cancellationToken);
        }
        catch (Exception fault)
        {
            Fail(fault, isFirst, cancellationToken);
            throw;
        }

        return opening.IsCompletedSuccessfully
            ? Task.FromResult<Stream>(Track(opening.Result))
            : AwaitStreamAsync(opening, isFirst, cancellationToken);
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    // The inner content copies in its own way, straight from its connection if it can, and handles a cancelled token
    // itself.
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (_guard.Rest is not null && !cancellationToken.IsCancellationRequested)
        {
            return CopyDetachablyAsync(stream, context, cancellationToken);
        }

        bool isFirst = Ask();
        var copy = new CopyObserver(stream, _guard.Body, StreamPosition);
        Task copying;
        try
        {
            copying = _inner.CopyToAsync(copy, context, cancellationToken);
        }
        catch (Exception fault)
        {
            Fail(copy, fault, isFirst, cancellationToken);
            throw;
        }

        return AwaitCopyAsync(copying, copy, isFirst, cancellationToken);
    }

    // A failed synchronous copy is over, so nothing is left to drain.
    protected override void SerializeToStream(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        bool isFirst = Ask();
        var copy = new CopyObserver(stream, _guard.Body, StreamPosition);
        try
        {
            _inner.CopyTo(copy, context, cancellationToken);
        }
        catch (Exception fault)
        {
            Fail(copy, fault, isFirst, cancellationToken);
            throw;
        }

        _guard.ReachEnd();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            if (!_guard.Leave())
            {
                _rest?.Abort();
                _inner.Dispose();
            }
        }

        base.Dispose(disposing);
    }

    bool IDrainable.TryDetach(Func<bool> beginDrain) => _rest is { } rest ? rest.TryDetach(beginDrain) : !_wasAsked && beginDrain();

    async ValueTask<long?> IDrainable.DrainAsync(long maxBytes, CancellationToken cancellationToken)
    {
        if (_rest is null)
        {
            Stream stream = await _inner.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false); // Begins at the start if unread.
            _rest = new DetachableStream(stream, _guard.Body);
        }

        return await _rest.DrainAsync(maxBytes, cancellationToken).ConfigureAwait(false);
    }

    void IDrainable.Abort() => _rest?.Abort();

    async ValueTask IDrainable.CloseAsync()
    {
        if (_rest is not null)
        {
            await _rest.CloseAsync().ConfigureAwait(false);
        }

        _inner.Dispose();
    }

    private async Task<Stream> AwaitStreamAsync(Task<Stream> opening, bool isFirst, CancellationToken cancellationToken)
    {
        try
        {
            return Track(await opening.ConfigureAwait(false));
        }
        catch (Exception fault)
        {
            Fail(fault, isFirst, cancellationToken);
            throw;
        }
    }

    private TrackedStream Track(Stream stream)
    {
        _cannotSeek = !stream.CanSeek;
        if (_guard.Rest is null)
        {
            return new TrackedStream(stream, _guard, position: StreamPosition);
        }

        var detachable = new DetachableStream(stream, _guard.Body, StreamPosition);
        _rest = detachable;
        return new TrackedStream(detachable, _guard, position: StreamPosition);
    }

    private async Task AwaitCopyAsync(Task copying, CopyObserver copy, bool isFirst, CancellationToken cancellationToken)
    {
        try
        {
            await copying.ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            Fail(copy, fault, isFirst, cancellationToken);
            throw;
        }

        _guard.ReachEnd();
    }

    private Task CopyDetachablyAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        bool isFirst = Ask();
        var copy = new DetachableCopy(stream, _guard.Body, StreamPosition, cancellationToken);
        try
        {
            copy.Begin(_inner, context);
        }
        catch (Exception fault)
        {
            Fail(fault, isFirst, cancellationToken);
            throw;
        }

        return AwaitDetachableAsync(copy, isFirst, cancellationToken);
    }

    private async Task AwaitDetachableAsync(DetachableCopy copy, bool isFirst, CancellationToken cancellationToken)
    {
        IDrainable? before = _rest;
        _rest = copy;
        try
        {
            await copy.WaitAsync().ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            if (copy.HasDestinationFailed && !(fault is OperationCanceledException && cancellationToken.IsCancellationRequested))
            {
                _guard.LeaveOrAbort();
            }
            else
            {
                _rest = copy.IsReading ? copy : before;
                Fail(fault, isFirst, cancellationToken);
            }

            throw;
        }

        _guard.ReachEnd();
    }

    private bool Ask()
    {
        bool isFirst = !_wasAsked;
        _wasAsked = true;
        return isFirst;
    }

    private void Fail(CopyObserver copy, Exception fault, bool isFirst, CancellationToken cancellationToken)
    {
        if (isFirst || !IsRefusal(fault))
        {
            copy.Fail(_guard, fault, cancellationToken);
        }
    }

    // A content that buffers itself reads its source here.
    private void Fail(Exception fault, bool isFirst, CancellationToken cancellationToken)
    {
        if (isFirst || !IsRefusal(fault))
        {
            _guard.Fail(fault, cancellationToken);
        }
    }

    // A content that refuses to be read again has not ended.
    private static bool IsRefusal(Exception fault) => fault is InvalidOperationException and not ObjectDisposedException;
}
