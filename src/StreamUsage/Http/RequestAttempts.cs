namespace StreamUsage.Http;

/// <summary>Counts the attempts of one request message, which a handler outside may send several times.
/// Thread-safe: copies of a message share their options.</summary>
internal sealed class RequestAttempts
{
    private static readonly HttpRequestOptionsKey<RequestAttempts> Key = new("StreamUsage.Attempts");

    private readonly string _id = Guid.NewGuid().ToString("N");
    private int _count;

    /// <summary>Gets or sets the failure that was recorded last, so that a second handler of the same tracker does not
    /// record it again; null if none.</summary>
    public Exception? RecordedFailure { get; set; }

    public static RequestAttempts Of(HttpRequestMessage request)
    {
        if (!request.Options.TryGetValue(Key, out RequestAttempts? attempts))
        {
            attempts = new RequestAttempts();
            request.Options.Set(Key, attempts);
        }

        return attempts;
    }

    /// <summary>Returns a new id: the message's own, and the number of the attempt.</summary>
    public string NextId() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{_id}-{Interlocked.Increment(ref _count)}");
}
