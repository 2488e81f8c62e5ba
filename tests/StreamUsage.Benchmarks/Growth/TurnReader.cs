using System.Diagnostics;

namespace StreamUsage.Benchmarks.Growth;

/// <summary>One thread's share of the open streams: a read of each, then of each again.</summary>
internal sealed class TurnReader(TrackedReading[] readings)
{
    private readonly byte[] _buffer = new byte[81_920];

    public void ReadTurns(int turns)
    {
        for (int turn = 0; turn < turns; turn++)
        {
            foreach (TrackedReading reading in readings)
            {
                reading.Read(_buffer);
            }
        }
    }

    /// <summary>Reads what is left, and waits for the records.</summary>
    public void Finish()
    {
        foreach (TrackedReading reading in readings)
        {
            reading.ReadToEnd(_buffer);
        }

        foreach (TrackedReading reading in readings)
        {
            reading.WaitForRecord();
        }
    }

    /// <summary>The time until the last of the readers, each on a thread of its own, has had its turns.</summary>
    public static TimeSpan Time(TurnReader[] readers, int turns)
    {
        if (readers is [var only])
        {
            long start = Stopwatch.GetTimestamp();
            only.ReadTurns(turns);
            return Stopwatch.GetElapsedTime(start);
        }

        // All begin at once, and each looks at the clock itself: starting a thread and waiting for its end are no part
        // of it.
        long[] starts = new long[readers.Length], ends = new long[readers.Length];
        int missing = readers.Length;
        Thread[] threads = [.. readers.Select((reader, i) => new Thread(() =>
        {
            Interlocked.Decrement(ref missing);
            while (Volatile.Read(ref missing) != 0)
            {
                Thread.SpinWait(10);
            }

            starts[i] = Stopwatch.GetTimestamp();
            reader.ReadTurns(turns);
            ends[i] = Stopwatch.GetTimestamp();
        }))];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        return Stopwatch.GetElapsedTime(starts.Min(), ends.Max());
    }
}
