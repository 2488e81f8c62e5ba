using System.Net;
using StreamUsage.Recording;

namespace StreamUsage.PassThrough;

/// <summary>Represents the content that replaces a response's content. It has the same headers and bytes, and passes
/// the bytes to the tracked body as they are read. The inner content decides whether it can be read again.</summary>
internal sealed class TrackedContent : HttpContent, IDrainable
{
    private readonly HttpContent _inner;
    private readonly BodyReadGuard _guard;
    private IDrainable? _source; // The stream or copy in use that can be drained; null if none.
    private bool _wasAsked, _cannotSeek;

    public TrackedContent(HttpContent inner, TrackedBody body, UsageTracking tracking, BodyDrainer? drainer)
    {
        _inner = inner;
        _guard = new BodyReadGuard(body, drainer);
        Tracking = tracking;
        _guard.Drainable = drainer is null ? null : this;
        inner.CopyHeadersTo(this);
    }

    public UsageTracking Tracking { get; }

    bool IDrainable.IsReading => _source is { IsReading: true };

    private bool CanDrain => _guard.Drainable is not null;

    // An unseekable stream continues where it was left.
    private long StreamPosition => _cannotSeek ? _guard.Body.BytesReceived : 0;

    protected override bool TryComputeLength(out long length)
    {
        length = _inner.Headers.ContentLength ?? 0;
        return _inner.Headers.ContentLength is not null;
    }

    protected override Stream CreateContentReadStream(CancellationToken cancellationToken)
    {
        bool isFirst = MarkAsked();
        try
        {
            return Track(_inner.ReadAsStream(cancellationToken));
        }
        catch (Exception fault)
        {
            FailOpening(fault, isFirst, cancellationToken);
            throw;
        }
    }

    protected override Task<Stream> CreateContentReadStreamAsync() => CreateContentReadStreamAsync(CancellationToken.None);

    protected override Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken)
    {
        bool isFirst = MarkAsked();
        Task<Stream> opening;
        try
        {
            opening = _inner.ReadAsStreamAsync(cancellationToken);
        }
        catch (Exception fault)
        {
            FailOpening(fault, isFirst, cancellationToken);
            throw;
        }

        return opening.IsCompletedSuccessfully
            ? Task.FromResult<Stream>(Track(opening.Result))
            : AwaitStreamAsync(opening, isFirst, cancellationToken);
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (CanDrain && !cancellationToken.IsCancellationRequested)
        {
            return CopyDetachablyAsync(stream, context, cancellationToken);
        }

        // The inner content copies in its own way, straight from its connection if it can. It also reports a token that
        // was canceled before.
        bool isFirst = MarkAsked();
        var copy = new CopyObserver(stream, _guard.Body, StreamPosition);
        Task copying;
        try
        {
            copying = _inner.CopyToAsync(copy, context, cancellationToken);
        }
        catch (Exception fault)
        {
            FailCopy(copy.HasDestinationFailed, fault, isFirst, cancellationToken);
            throw;
        }

        return AwaitCopyAsync(copying, copy, isFirst, cancellationToken);
    }

    // A failed synchronous copy is over, so nothing is left to drain.
    protected override void SerializeToStream(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        bool isFirst = MarkAsked();
        var copy = new CopyObserver(stream, _guard.Body, StreamPosition);
        try
        {
            _inner.CopyTo(copy, context, cancellationToken);
        }
        catch (Exception fault)
        {
            FailCopy(copy.HasDestinationFailed, fault, isFirst, cancellationToken);
            throw;
        }

        _guard.ReachEnd();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_guard.Leave())
        {
            _source?.Abort();
            _inner.Dispose();
        }

        base.Dispose(disposing);
    }

    bool IDrainable.TryDetach(Func<bool> beginDrain) => _source is { } source ? source.TryDetach(beginDrain) : !_wasAsked && beginDrain();

    async ValueTask<long?> IDrainable.DrainAsync(long maxBytes, CancellationToken cancellationToken)
    {
        if (_source is null)
        {
            // Nobody has read the content.
            Stream stream = await _inner.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            _source = new DetachableStream(stream, _guard.Body);
        }

        return await _source.DrainAsync(maxBytes, cancellationToken).ConfigureAwait(false);
    }

    void IDrainable.Abort() => _source?.Abort();

    async ValueTask IDrainable.CloseAsync()
    {
        if (_source is not null)
        {
            await _source.CloseAsync().ConfigureAwait(false);
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
            FailOpening(fault, isFirst, cancellationToken);
            throw;
        }
    }

    private TrackedStream Track(Stream stream)
    {
        _cannotSeek = !stream.CanSeek;
        if (!CanDrain)
        {
            return new TrackedStream(stream, _guard, position: StreamPosition);
        }

        var detachable = new DetachableStream(stream, _guard.Body, StreamPosition);
        _source = detachable;
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
            FailCopy(copy.HasDestinationFailed, fault, isFirst, cancellationToken);
            throw;
        }

        _guard.ReachEnd();
    }

    private Task CopyDetachablyAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        bool isFirst = MarkAsked();
        var copy = new DetachableCopy(stream, _guard.Body, StreamPosition, cancellationToken);
        try
        {
            copy.Begin(_inner, context);
        }
        catch (Exception fault)
        {
            FailOpening(fault, isFirst, cancellationToken);
            throw;
        }

        return AwaitDetachableAsync(copy, isFirst, cancellationToken);
    }

    private async Task AwaitDetachableAsync(DetachableCopy copy, bool isFirst, CancellationToken cancellationToken)
    {
        IDrainable? before = _source;
        _source = copy;
        try
        {
            await copy.WaitAsync().ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            bool hasLeft = copy.HasDestinationFailed && !BodyReadGuard.IsCancellation(fault, cancellationToken);
            if (!hasLeft && !copy.IsReading)
            {
                _source = before; // The copy is over, but the body may be read on.
            }

            FailCopy(copy.HasDestinationFailed, fault, isFirst, cancellationToken);
            throw;
        }

        _guard.ReachEnd();
    }

    // Returns whether the content is read for the first time.
    private bool MarkAsked()
    {
        bool isFirst = !_wasAsked;
        _wasAsked = true;
        return isFirst;
    }

    private void FailCopy(bool hasDestinationFailed, Exception fault, bool isFirst, CancellationToken cancellationToken)
    {
        if (hasDestinationFailed || isFirst || !IsRefusal(fault))
        {
            _guard.FailCopy(hasDestinationFailed, fault, cancellationToken);
        }
    }

    // Opening may already read the body (a content that buffers itself does), so a failure here can mean that it broke.
    private void FailOpening(Exception fault, bool isFirst, CancellationToken cancellationToken)
    {
        if (isFirst || !IsRefusal(fault))
        {
            _guard.Fail(fault, cancellationToken);
        }
    }

    // A content that refuses to be read again has not ended.
    private static bool IsRefusal(Exception fault) => fault is InvalidOperationException and not ObjectDisposedException;
}
