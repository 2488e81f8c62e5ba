namespace StreamUsage.Snippets;

internal static class ZstdSnippets
{
    public static void Add()
    {
        #region zstd
        var options = new StreamUsageOptions().AddZstd();
        #endregion
    }
}
