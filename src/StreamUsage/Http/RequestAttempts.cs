using System.Globalization;

namespace StreamUsage.Http;

/// <summary>Counts the attempts of one request message, which a handler outside may send several times, and notes which
/// failures are recorded. Thread-safe: copies of a message share their options.</summary>
internal sealed class RequestAttempts
{
    private static readonly HttpRequestOptionsKey<RequestAttempts> Key = new("StreamUsage.Attempts");

    private readonly string _id = Guid.NewGuid().ToString("N");
    private readonly List<IReadOnlyList<IUsageSink>> _recorded = [];
    private Exception? _failure;
    private int _count;

    public static RequestAttempts Of(HttpRequestMessage request)
    {
        if (!request.Options.TryGetValue(Key, out RequestAttempts? attempts))
        {
            attempts = new RequestAttempts();
            request.Options.Set(Key, attempts);
        }

        return attempts;
    }

    /// <summary>Begins an attempt.</summary>
    /// <returns>Its id: the message's own, and a number. Nested handlers each begin one.</returns>
    public string Begin()
    {
        lock (_recorded)
        {
            _failure = null;
            return string.Create(CultureInfo.InvariantCulture, $"{_id}-{++_count}");
        }
    }

    /// <summary>Returns whether the caller is to record the failure: false if a handler inside recorded it into all
    /// these sinks.</summary>
    public bool TryRecord(Exception failure, IReadOnlyList<IUsageSink> sinks)
    {
        lock (_recorded)
        {
            if (!ReferenceEquals(_failure, failure))
            {
                _failure = failure;
                _recorded.Clear();
            }

            if (_recorded.Exists(known => sinks.All(known.Contains)))
            {
                return false;
            }

            _recorded.Add(sinks);
            return true;
        }
    }
}
