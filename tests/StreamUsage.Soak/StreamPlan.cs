using StreamUsage.Soak.Scripts;

namespace StreamUsage.Soak;

/// <summary>All that is decided of a stream before it begins, from the seed and its number alone.</summary>
internal sealed record StreamPlan
{
    // Fate, and its share among the sum of the shares.
    private static readonly (Fate Fate, int Share)[] Shares =
    [
        (Fate.Complete, 26), (Fate.ClientDisposes, 11), (Fate.ClientCancels, 11), (Fate.DestinationFails, 4), (Fate.NeverRead, 3),
        (Fate.Forgotten, 2), (Fate.ServerResets, 9),
        (Fate.ServerEndsEarly, 6), (Fate.ServerBreaksPromise, 5), (Fate.ErrorEvent, 7), (Fate.Garbage, 4), (Fate.Empty, 3), (Fate.Stall, 4),
        (Fate.RefusedUnread, 3), (Fate.RefusedRead, 2),
    ];

    public Fate Fate { get; private init; }

    public bool IsHttp2 { get; private init; }

    public required Script Script { get; init; }

    public int StatusCode { get; private init; } = 200;

    /// <summary>How many of the script's bytes the server sends.</summary>
    public int Cut { get; private init; }

    /// <summary>The length that the server promises; null means none.</summary>
    public long? ContentLength { get; private init; }

    /// <summary>How many pieces the server sends at most, and how long it waits between them, in
    /// milliseconds.</summary>
    public int Pieces { get; private init; }

    public int LongestPause { get; private init; }

    public ReadMeans Means { get; private init; }

    /// <summary>After so many bytes the client does what its fate is.</summary>
    public int LeaveAfter { get; private init; }

    /// <summary>The client's patience, in milliseconds.</summary>
    public int Patience { get; private init; }

    public ApiFormat ApiFormat { get; private init; }

    /// <summary>Bytes of the request's body, all ASCII; 0 means that it is not given.</summary>
    public int RequestLength { get; private init; }

    /// <summary>Whether the body is read on when the client leaves.</summary>
    public bool IsDrained { get; private init; }

    /// <summary>For what the server and the client choose on their way.</summary>
    public int ServerSeed { get; private init; }

    public int ClientSeed { get; private init; }

    public static StreamPlan Create(int seed, int index)
    {
        // Neighbouring seeds give alike numbers.
        var random = new Random(unchecked((int)((((uint)seed * 1_000_003u) + (uint)index) * 2_654_435_761u)));
        Fate fate = NextFate(random);
        Script script = fate switch
        {
            Fate.Garbage => Garbage.Create(random),
            Fate.Empty => Script.Unreadable(""),
            Fate.RefusedUnread or Fate.RefusedRead => Garbage.CreateRefusal(random),
            _ => NextAnswer(random, hasError: fate == Fate.ErrorEvent),
        };
        int length = script.Body.Length;
        bool isCut = fate is Fate.ServerResets or Fate.ServerEndsEarly or Fate.ServerBreaksPromise or Fate.Stall or Fate.Forgotten;
        int cut = isCut && random.Next(8) != 0 ? random.Next(0, length + 1) : length;
        return new StreamPlan
        {
            Fate = fate,
            IsHttp2 = index % 2 == 1,
            Script = script,
            StatusCode = fate == Fate.RefusedUnread ? 429
                : fate == Fate.RefusedRead ? new[] { 400, 429, 500, 503, 529 }[random.Next(5)] : 200,
            Cut = cut,
            ContentLength = fate == Fate.ServerBreaksPromise ? cut + random.Next(1, 1_000) : !isCut && random.Next(4) == 0 ? length : null,
            Pieces = random.Next(4) == 0 ? 1 : random.Next(1, 16),
            LongestPause = random.Next(4) == 0 ? 0 : random.Next(1, 120),
            Means = (ReadMeans)random.Next(6),
            LeaveAfter = random.Next(length + 1),
            Patience = random.Next(4) == 0 ? random.Next(0, 20) : random.Next(50, 700),
            ApiFormat = random.Next(10) switch
            {
                < 6 => ApiFormat.Auto,
                < 9 => script.Format,
                _ => ApiFormat.Gemini,
            },
            RequestLength = random.Next(2) * random.Next(1, 2_000),
            ServerSeed = random.Next(),
            ClientSeed = random.Next(),
            IsDrained = random.Next(4) == 0,
        };
    }

    private static Script NextAnswer(Random random, bool hasError) => random.Next(3) switch
    {
        0 => ClaudeAnswer.Create(random, hasError),
        1 => ChatAnswer.Create(random, hasError),
        _ => ResponsesAnswer.Create(random, hasError),
    };

    private static Fate NextFate(Random random)
    {
        int at = random.Next(Shares.Sum(static share => share.Share));
        foreach ((Fate fate, int share) in Shares)
        {
            if ((at -= share) < 0)
            {
                return fate;
            }
        }

        return Fate.Complete;
    }
}
