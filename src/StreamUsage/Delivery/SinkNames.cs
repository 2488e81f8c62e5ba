namespace StreamUsage.Delivery;

/// <summary>What the log and the meter call the sinks of a tracker: by their types, numbered where a type comes more
/// than once, after the tracker's name where it has one.</summary>
internal static class SinkNames
{
    public static IEnumerable<string> Of(IReadOnlyList<IUsageSink> sinks, string trackerName)
    {
        string[] types = [.. sinks.Select(static sink => (sink as INamedSink)?.SinkName ?? sink.GetType().Name)];
        string prefix = trackerName.Length == 0 ? "" : trackerName + "/";
        return types.Select((type, i) =>
            types.Count(other => other == type) == 1 ? prefix + type : $"{prefix}{type}#{types.Take(i + 1).Count(other => other == type)}");
    }
}
