using System.Runtime.CompilerServices;

namespace StreamUsage.Tests.Support;

/// <summary>Where the environment variable STREAMUSAGE_PARSE_EVERY_EVENT is 1 all tests run without
/// templates.</summary>
internal static class EveryEvent
{
    public static bool IsParsed { get; } = Environment.GetEnvironmentVariable("STREAMUSAGE_PARSE_EVERY_EVENT") == "1";

    [ModuleInitializer]
    internal static void Initialize() => AppContext.SetSwitch("StreamUsage.ParseEveryEvent", IsParsed);
}
