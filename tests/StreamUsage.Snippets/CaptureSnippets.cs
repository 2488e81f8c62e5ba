namespace StreamUsage.Snippets;

internal static class CaptureSnippets
{
    public static void Capture()
    {
        #region capture
        var options = new StreamUsageOptions { Capture = CapturedContent.Headers | CapturedContent.Message };
        #endregion
    }

    public static void Headers()
    {
        #region headers
        var options = new StreamUsageOptions();
        options.CaptureHeader("x-tenant").RedactHeader("user-agent");
        #endregion
    }
}
