namespace StreamUsage.Snippets;

internal static class PerformanceSnippets
{
    public static void ParseEveryEvent()
    {
        #region parse every event
        AppContext.SetSwitch("StreamUsage.ParseEveryEvent", true);
        #endregion
    }
}
