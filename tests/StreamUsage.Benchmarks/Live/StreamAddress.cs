using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace StreamUsage.Benchmarks.Live;

/// <summary>What the provider is asked for:
/// <c>/WORKLOAD/EVENTS?pace=MS&amp;gate=NAME&amp;before=EVENTS&amp;of=STREAMS</c>. No events: the gate is
/// opened.</summary>
/// <param name="Workload">Its name.</param>
/// <param name="Events">How many events it has.</param>
internal sealed record StreamAddress(string Workload, int Events)
{
    /// <summary>Between two events; zero for as fast as they go.</summary>
    public TimeSpan Pace { get; init; }

    /// <summary>Where the stream waits; null for nowhere.</summary>
    public string? Gate { get; init; }

    public int EventsBeforeGate { get; init; }

    /// <summary>The gate opens when so many streams are there; 0: when it is opened.</summary>
    public int StreamsAtGate { get; init; }

    public static StreamAddress Parse(HttpRequest request)
    {
        string[] path = request.Path.Value!.Split('/');
        IQueryCollection query = request.Query;
        return new StreamAddress(path[1], Number(path[2]))
        {
            Pace = TimeSpan.FromMilliseconds(Number(query["pace"])),
            Gate = query["gate"],
            EventsBeforeGate = Number(query["before"]),
            StreamsAtGate = Number(query["of"]),
        };
    }

    public override string ToString()
    {
        string path = string.Create(CultureInfo.InvariantCulture, $"/{Workload}/{Events}?pace={Pace.TotalMilliseconds:F0}");
        return Gate is null
            ? path : string.Create(CultureInfo.InvariantCulture, $"{path}&gate={Gate}&before={EventsBeforeGate}&of={StreamsAtGate}");
    }

    private static int Number(string? text) => text is null ? 0 : int.Parse(text, CultureInfo.InvariantCulture);
}
